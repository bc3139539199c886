/** The part of the page's script that fills its sections from the current state. */

export const PAGE_SECTIONS = String.raw`
/** Fills an element again only if what it shows has changed: details stay open, the focus where it is. */
const filled = new Map()
function fill(id, facts, build) {
  const text = JSON.stringify(facts)
  if (filled.get(id) === text) return
  filled.set(id, text)
  const box = at(id)
  const stops = () => [...box.querySelectorAll('summary, button, [tabindex]')]
  const open = [...box.querySelectorAll('details[open] > summary')].map((summary) => summary.textContent)
  const focused = stops().indexOf(document.activeElement)
  box.replaceChildren(...build())
  for (const summary of box.querySelectorAll('summary')) if (open.includes(summary.textContent)) summary.parentElement.open = true
  if (focused >= 0) (stops()[Math.min(focused, stops().length - 1)] ?? box.closest('section').querySelector('h2')).focus()
}

function showAll() {
  const { keys, keyCount, cookies, others, secrets, policy, warnings } = latest
  fill('warnings', warnings, () => warnings.map((text) => make('li', text)))
  fill('facts', [latest.outcome, latest.userId, latest.handle, latest.label, latest.permanent, latest.authenticatedAt, latest.key], () => factsOf(latest))
  fill('data', [keys, keyCount], () => dataOf(keys, keyCount))
  fill('cookie', [cookies, policy], () => cookieOf(cookies, policy))
  fill('others', [others, latest.userId], () => othersOf(others, latest.userId, policy))
  fill('secrets', secrets, () => [secretsOf(secrets)])
  say('policy', JSON.stringify(policy, null, 2))
  showTimes()
}

function facts(pairs) {
  return pairs.filter(([, value]) => value !== undefined && value !== null && value !== '')
    .flatMap(([name, value]) => [make('dt', name), make('dd', typeof value === 'string' ? make('bdi', value) : value)])
}

function factsOf({ userId, handle, label, permanent, authenticatedAt, key, outcome }) {
  const isThere = outcome === 'valid'
  return facts([
    ['user', isThere ? userId ?? 'nobody is signed in' : userId],
    ['signed in', authenticatedAt && day(authenticatedAt)],
    ['handle', handle && make('code', handle)],
    ['label', label],
    ['permanent', isThere ? (permanent ? 'yes: the cookie stays when the browser is closed' : 'no: the cookie ends with the browser') : undefined],
    ['saved under', key === undefined ? undefined : key === 0 ? 'the current secret' : 'previous secret ' + key],
  ])
}

function rest(milliseconds) {
  if (milliseconds <= 0) return 'is over'
  const seconds = Math.floor(milliseconds / 1000)
  const parts = [[Math.floor(seconds / 86400), 'd'], [Math.floor(seconds / 3600) % 24, 'h'], [Math.floor(seconds / 60) % 60, 'min'], [seconds % 60, 's']]
  const first = parts.findIndex(([count]) => count > 0)
  return parts.slice(first < 0 ? 3 : first).slice(0, 3).map(([count, unit]) => count + ' ' + unit).join(' ')
}

function meter(name, says, share) {
  const fill = make('div', '', { class: share > 1 ? 'fill full' : 'fill' })
  fill.style.width = Math.max(0, Math.min(100, share * 100)) + '%'
  const track = make('div', fill, { class: 'track', role: 'img', 'aria-label': name + ': ' + says })
  return make('div', [make('p', [make('span', name), make('span', says)]), track], { class: 'meter' })
}

function showTimes() {
  if (!latest) return
  const { expires, permanent, policy: { lifetime } } = latest
  const now = Date.now() + ahead
  const limits = expires
    ? [['Idle timeout', expires.idle, permanent ? lifetime.permanent : lifetime.idle], ['Absolute timeout', expires.absolute, lifetime.absolute]]
    : []
  at('times').replaceChildren(...limits.filter(([, end]) => end !== undefined && end !== null)
    .map(([name, end, all]) => meter(name, rest(end - now), all ? Math.min(1, (end - now) / (all * 1000)) : 0)))
}

function table(label, heads, rows) {
  const cell = (content) => Array.isArray(content) && content[0] === 'class' ? make('td', content[2], { class: content[1] }) : make('td', content)
  const head = make('thead', make('tr', heads.map((text) => make('th', text || make('span', 'action', { class: 'unseen' }), { scope: 'col', class: text }))))
  const body = make('tbody', rows.map((row) => make('tr', row.map(cell))))
  return make('div', make('table', [head, body]), { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': label })
}

function dataOf(keys, count) {
  if (keys.length === 0) return [make('p', 'No data.', { class: 'soft' })]
  const sorted = [...keys].sort((a, b) => b.bytes - a.bytes)
  const rows = sorted.map(({ key, type, bytes, value }) => [make('bdi', make('code', key)), type, ['class', 'number', String(bytes)], ['class', 'value', make('bdi', value)]])
  const more = count > keys.length && make('p', 'The ' + keys.length + ' largest of ' + count + ' keys.', { class: 'soft' })
  return [table('Keys of the session', ['key', 'type', 'bytes', 'value'], rows), more].filter(Boolean)
}

function explained(cookie) {
  const { size, times, session, parts, payloads, notes, attributes, verdict } = cookie
  const bytes = size.nameAndValue ?? size.value
  const verified = cookie.verified === null ? 'not checked' : cookie.verified ? 'yes' : 'no'
  const sign = (time) => time && day(time)
  return make('div', [
    make('dl', facts([
      ['what it is', cookie.title],
      ['as sent', make('code', [make('bdi', (cookie.name ?? '') + '=' + cookie.start)])],
      ['verified', verified + (cookie.verified ? ', ' : '. ') + cookie.verification],
      ['this app', verdict && verdict.join(' ')],
      ['signed', sign(times.signed)], ['created', sign(times.created)],
      ['user', session && (session.userId ?? 'nobody')],
      ['flash messages', session && session.flashes > 0 ? String(session.flashes) : undefined],
      ['compressed', cookie.compressed ? 'yes' : undefined],
    ])),
    meter('As stored', bytes + ' of ' + size.limit + ' bytes', bytes / size.limit),
    parts.length > 0 && make('details', [make('summary', 'Parts'), make('ul', parts.map(({ name, text, says }) =>
      make('li', [make('b', name), ': ' + says + ' ', make('code', text)])), { class: 'plain' })]),
    attributes.length > 0 && make('p', ['Attributes: ', make('code', attributes.join('; '))]),
    ...payloads.map(({ label, json, text }) => make('details', [make('summary', label), make('pre', json === null ? text : JSON.stringify(json, null, 2))])),
    notes.length > 0 && make('ul', notes.map((note) => make('li', note)), { class: 'plain note' }),
  ], { class: 'cookie' })
}

function flags({ cookie }) {
  const { httpOnly, secure, sameSite, domain, path, partitioned } = cookie
  return [
    ['HttpOnly', httpOnly ? 'yes: scripts cannot read the cookie' : 'no: any script on the page can read the cookie'],
    ['Secure', secure ? 'yes: sent over HTTPS only' : 'no: sent over plain HTTP, too'],
    ['SameSite', { Lax: 'Lax: sent when a visitor follows a link from another site, not with its forms', Strict: 'Strict: not sent with any request from another site', None: 'None: sent with requests from other sites, too' }[sameSite] ?? 'not set: browsers use Lax'],
    ['Domain', domain ? domain + ' and its subdomains' : 'not set: this host only'],
    ['Path', path === '/' ? '/: every page of the host' : path + ' and what is below it'], ['Partitioned', partitioned ? 'yes: one for each site that embeds the page' : undefined],
  ]
}

function cookieOf(cookies, policy) {
  return [
    ...(cookies.length === 0 ? [make('p', 'None was sent.', { class: 'soft' })] : cookies.map(explained)),
    make('h3', 'Attributes of the cookie'), make('dl', facts(flags(policy)))]
}

function othersOf(others, userId, policy) {
  if (others.length === 0) {
    const why = policy.store === null ? 'Sessions in the cookie cannot be listed or revoked: use a store.' : userId === undefined ? 'Nobody is signed in.' : 'None is listed.'
    return [make('p', why, { class: 'soft' })]
  }
  return [table('All sessions of the user', ['session', 'since', 'last seen', ''], others.map((one) => {
    const name = one.label ?? one.handle.slice(0, 6)
    const button = make('button', 'Revoke', { type: 'button', 'aria-label': 'Revoke ' + name + ', last seen ' + day(one.lastSeenAt) })
    button.addEventListener('click', async () => {
      const { existed, error } = await post('revoke', { userId, handle: one.handle })
      say('done', error ?? (existed ? 'Revoked: ' + name + '. Its next request is not signed in.' : 'There was no such session any more.'))
      await look()
    })
    return [[make('bdi', one.label ?? ''), ' ', make('code', one.handle.slice(0, 6) + '…', { class: 'soft' })], ['class', 'since', one.authenticatedAt ? day(one.authenticatedAt) : ''], day(one.lastSeenAt), one.isCurrent ? 'this one' : button]
  }))]
}

function secretsOf(secrets) {
  return table('Secrets', ['secret', 'sessions opened', 'last'], secrets.map(({ opened, lastAt }, index) =>
    [index === 0 ? 'current' : 'previous ' + index, ['class', 'number', String(opened)], lastAt ? day(lastAt) : 'never']))
}
`
