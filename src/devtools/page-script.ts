/** The script of the inspector's page. It writes text only, never HTML. */

export const PAGE_SCRIPT = String.raw`
'use strict'
const { path, token } = document.body.dataset
const at = (id) => document.getElementById(id)
const make = (tag, content, attributes = {}) => {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  for (const part of [content].flat()) if (part !== undefined && part !== null) made.append(part)
  return made
}
const clock = (time) => new Date(time).toLocaleTimeString(undefined, { hour12: false })
const day = (time) => new Date(time).toLocaleString()

let latest
let ahead = 0

async function look() {
  const response = await fetch(path + '/state', { headers: { accept: 'application/json' } })
  latest = await response.json()
  ahead = latest.now - Date.now()
  at('name').textContent = latest.policy.cookie.name
  at('says').textContent = latest.says
  at('says').className = latest.outcome === 'valid' ? 'fine' : latest.outcome === 'none' ? '' : 'alarm'
  showFacts(); showData(); showCookie(); showOthers(); showSettings(); showTimes()
  at('timeline').replaceChildren(...latest.timeline.map((entry) => line(entry)).reverse())
  filter()
}

function facts(pairs) {
  return pairs.filter(([, value]) => value !== undefined && value !== null && value !== '')
    .flatMap(([name, value]) => [make('dt', name), make('dd', value)])
}

function showFacts() {
  const { userId, handle, label, permanent, authenticatedAt, key, outcome } = latest
  const isThere = outcome === 'valid'
  at('facts').replaceChildren(...facts([
    ['user', isThere ? userId ?? 'nobody is signed in' : undefined],
    ['signed in', authenticatedAt && day(authenticatedAt)],
    ['handle', handle && make('code', handle)],
    ['label', label],
    ['permanent', isThere ? (permanent ? 'yes: the cookie stays when the browser is closed' : 'no: the cookie ends with the browser') : undefined],
    ['saved under', key === undefined ? undefined : key === 0 ? 'the current secret' : 'previous secret ' + key],
  ]))
}

function rest(milliseconds) {
  if (milliseconds <= 0) return 'is over'
  const seconds = Math.floor(milliseconds / 1000)
  const parts = [[Math.floor(seconds / 86400), 'd'], [Math.floor(seconds / 3600) % 24, 'h'], [Math.floor(seconds / 60) % 60, 'min'], [seconds % 60, 's']]
  const first = parts.findIndex(([count]) => count > 0)
  return parts.slice(first < 0 ? 3 : first).slice(0, 2).map(([count, unit]) => count + ' ' + unit).join(' ')
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
  at('times').replaceChildren(...limits.filter(([, end]) => end !== undefined)
    .map(([name, end, all]) => meter(name, rest(end - now), all ? (end - now) / (all * 1000) : 0)))
}

function table(heads, rows) {
  const cell = (tag) => (content) => Array.isArray(content) && content[0] === 'class' ? make(tag, content[2], { class: content[1] }) : make(tag, content)
  const head = make('thead', make('tr', heads.map((text) => make('th', text || make('span', 'action', { class: 'unseen' }), { scope: 'col', class: text }))))
  const body = make('tbody', rows.map((row) => make('tr', row.map(cell('td')))))
  return make('div', make('table', [head, body]), { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': heads.filter(Boolean).join(', ') })
}

function showData() {
  const { keys } = latest
  const sorted = [...keys].sort((a, b) => b.bytes - a.bytes)
  at('data').replaceChildren(keys.length === 0 ? make('p', 'No data.', { class: 'soft' }) :
    table(['key', 'type', 'bytes', 'value'], sorted.map(({ key, type, bytes, value }) =>
      [make('code', key), type, ['class', 'number', String(bytes)], ['class', 'value', value]])))
}

function explained(cookie) {
  const { size, times, session, parts, payloads, notes, attributes } = cookie
  const bytes = size.nameAndValue ?? size.value
  const verified = cookie.verified === null ? 'not checked' : cookie.verified ? 'yes' : 'no'
  return make('div', [
    make('dl', facts([
      ['what it is', cookie.title], ['name', cookie.name && make('code', cookie.name)],
      ['verified', verified + '. ' + cookie.verification],
      ['signed', times.signed && day(times.signed)], ['created', times.created && day(times.created)],
      ['user', session && (session.userId ?? 'nobody')],
      ['flash messages', session && session.flashes > 0 ? String(session.flashes) : undefined],
      ['compressed', cookie.compressed ? 'yes' : undefined],
    ])),
    meter('Size', bytes + ' of ' + size.limit + ' bytes', bytes / size.limit),
    parts.length > 0 && make('details', [make('summary', 'Parts'), make('ul', parts.map(({ name, text, says }) =>
      make('li', [make('b', name), ': ' + says + ' ', make('code', text.length > 40 ? text.slice(0, 40) + '...' : text)])), { class: 'plain' })]),
    attributes.length > 0 && make('p', attributes.join('; ')),
    ...payloads.map(({ label, json, text }) => make('details', [make('summary', label), make('pre', json === null ? text : JSON.stringify(json, null, 2))])),
    notes.length > 0 && make('ul', notes.map((note) => make('li', note)), { class: 'plain note' }),
  ].filter(Boolean))
}

function flags({ cookie }) {
  const { httpOnly, secure, sameSite, domain, path, partitioned } = cookie
  return [
    ['HttpOnly', httpOnly ? 'yes: scripts cannot read the cookie' : 'no: any script on the page can read the cookie'],
    ['Secure', secure ? 'yes: sent over HTTPS only' : 'no: sent over plain HTTP, too'],
    ['SameSite', { Lax: 'Lax: other sites cannot send it with a form, a link can', Strict: 'Strict: no request from another site has it', None: 'None: requests from other sites have it' }[sameSite] ?? 'not set: browsers use Lax'],
    ['Domain', domain ? domain + ' and its subdomains' : 'only this host'],
    ['Path', path], ['Partitioned', partitioned ? 'yes: one for each site that embeds the page' : undefined],
  ]
}

function showCookie() {
  const { cookies, policy } = latest
  at('cookie').replaceChildren(
    ...(cookies.length === 0 ? [make('p', 'None was sent.', { class: 'soft' })] : cookies.map(explained)),
    make('details', [make('summary', 'Attributes'), make('dl', facts(flags(policy)))]))
}

function showOthers() {
  const { others, userId, policy } = latest
  const why = policy.store === null ? 'Sessions in the cookie cannot be listed: use a store.' : userId === undefined ? 'Nobody is signed in.' : 'None is listed.'
  at('others').replaceChildren(others.length === 0 ? make('p', why, { class: 'soft' }) :
    table(['handle', 'label', 'signed in', 'last seen', ''], others.map((one) => {
      const button = make('button', 'Revoke', { type: 'button', 'aria-label': 'Revoke ' + one.handle })
      button.addEventListener('click', async () => { await post('revoke', { userId, handle: one.handle }); await look() })
      return [make('code', one.handle), one.label ?? '', one.authenticatedAt ? day(one.authenticatedAt) : '', day(one.lastSeenAt), one.isCurrent ? 'this one' : button]
    })))
}

function showSettings() {
  const { secrets, policy } = latest
  at('secrets').replaceChildren(table(['secret', 'sessions opened', 'last'], secrets.map(({ opened, lastAt }, index) =>
    [index === 0 ? 'current' : 'previous ' + index, String(opened), lastAt ? day(lastAt) : 'never'])))
  at('policy').textContent = JSON.stringify(policy, null, 2)
}

function line({ at: time, kind, title, says, tone, handle, took }, isNew) {
  const stamp = make('time', clock(time), { datetime: new Date(time).toISOString() })
  const more = [handle, took === undefined ? undefined : took.toFixed(1) + ' ms'].filter(Boolean).join(', ')
  return make('li', [stamp, make('b', title, { class: tone }), make('span', [says, more && make('span', ' ' + more, { class: 'soft' })].filter(Boolean))],
    { 'data-kind': kind, class: isNew ? 'new' : '' })
}

function filter() {
  const shown = [...document.querySelectorAll('input[name=kind]:checked')].map((box) => box.value)
  for (const item of at('timeline').children) item.hidden = !shown.includes(item.dataset.kind)
}

function post(where, body) {
  return fetch(path + '/' + where, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ ...body, token }) }).then((response) => response.json())
}

let due
const source = new EventSource(path + '/timeline')
source.onopen = () => { at('live').textContent = 'live' }
source.onerror = () => { at('live').textContent = 'the server is away' }
source.onmessage = ({ data }) => {
  at('timeline').prepend(line(JSON.parse(data), true))
  while (at('timeline').children.length > 300) at('timeline').lastChild.remove()
  filter()
  clearTimeout(due)
  due = setTimeout(look, 300)
}
at('reload').addEventListener('click', look)
at('clear').addEventListener('click', () => at('timeline').replaceChildren())
for (const box of document.querySelectorAll('input[name=kind]')) box.addEventListener('change', filter)
at('explain').addEventListener('submit', async (event) => {
  event.preventDefault()
  const found = await post('explain', { text: at('pasted').value })
  at('explained').replaceChildren(...(Array.isArray(found) && found.length > 0 ? found.map(explained) : [make('p', found.error ?? 'There is no cookie in it.')]))
})
setInterval(showTimes, 1000)
look()
`
