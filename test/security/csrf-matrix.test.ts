import { describe, expect, test } from 'vitest'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { fakeClock } from '../../src/testing/testing.ts'
import { through } from '../promises/stores.ts'
import { T0, testSessions } from '../session/visitor.ts'

const HOST = 'shop.example'

const METHODS = {
  asks: ['GET', 'HEAD', 'OPTIONS', 'TRACE'],
  // What nobody knows is no question either; and a method's name has one spelling.
  does: ['POST', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'get', '', undefined],
}

const SITES: Readonly<Record<string, readonly (string | undefined)[]>> = {
  absent: [undefined],
  own: ['same-origin', 'none'],
  neighbour: ['same-site'],
  'another site': ['cross-site'],
  'no such value': ['', 'Same-Origin', 'same-origin, cross-site', 'cross-site, same-origin', '?1'],
}

const ORIGINS: Readonly<Record<string, readonly (string | undefined)[]>> = {
  absent: [undefined],
  own: [`https://${HOST}`],
  // The connection may have been anybody's, and a Secure cookie is never sent over it.
  'own over plain HTTP': [`http://${HOST}`],
  null: ['null'],
  trusted: ['https://pay.example:8443', 'capacitor://localhost'],
  other: [
    'https://evil.example',
    `https://${HOST}.evil.example`,
    `https://sub.${HOST}`,
    `https://${HOST}, https://evil.example`,
    `capacitor://${HOST}`,
    'https://pay.example',
    '',
  ],
}

// The whole policy for a method that does something. Rows: Sec-Fetch-Site; columns: Origin.
// "token": only with this session's token. "silent": the same, but a visitor without a session passes.
const COLUMNS = ['absent', 'own', 'own over plain HTTP', 'null', 'trusted', 'other']
const POLICY: Readonly<Record<string, readonly string[]>> = {
  absent: ['silent', 'passes', 'token', 'token', 'passes', 'origin'],
  own: ['passes', 'passes', 'passes', 'passes', 'passes', 'passes'],
  neighbour: ['token', 'token', 'token', 'token', 'passes', 'token'],
  'another site': ['cross-site', 'cross-site', 'cross-site', 'cross-site', 'passes', 'cross-site'],
  'no such value': ['token', 'token', 'token', 'token', 'passes', 'token'],
}

/** How a token comes, and whether it counts. `mine` is this session's, `hers` another's. */
type Carry = (tokens: { mine: string; hers: string }) => {
  header?: string
  given?: string | (() => string | undefined | Promise<string | undefined>)
}
const TOKENS: readonly [name: string, counts: boolean, carry: Carry][] = [
  ['none', false, () => ({})],
  ['in the header', true, ({ mine }) => ({ header: mine })],
  ['in the form', true, ({ mine }) => ({ given: mine })],
  ['found later', true, ({ mine }) => ({ given: async () => mine })],
  ['not found later', false, () => ({ given: () => undefined })],
  ["another's in the header", false, ({ hers }) => ({ header: hers })],
  ["another's in the form", false, ({ hers }) => ({ given: hers })],
  ['empty', false, () => ({ header: '', given: '' })],
  ['twice in the header', false, ({ mine }) => ({ header: `${mine}, ${mine}` })],
  ["another's before mine", false, ({ mine, hers }) => ({ header: hers, given: mine })],
  ["mine before another's", true, ({ mine, hers }) => ({ header: mine, given: hers })],
]

function expected(method: string | undefined, site: string, origin: string, has: Has): string {
  if (METHODS.asks.includes(method ?? '')) return 'passes'
  const policy = POLICY[site]![COLUMNS.indexOf(origin)]!
  if (policy === 'silent' && !has.session) return 'passes'
  if (policy !== 'silent' && policy !== 'token') return policy
  return has.session && has.token ? 'passes' : 'token'
}

interface Has {
  session: boolean
  token: boolean
}

/** Sessions behind HTTPS, a session of the visitor and one of somebody else. */
async function site(place: 'cookie' | 'store') {
  let calls = 0
  const store = through(memoryStore({ clock: fakeClock(T0) }), (_verb, _args, call) => {
    calls += 1
    return call()
  })
  const made = testSessions({
    trustedOrigins: ORIGINS['trusted'] as string[],
    cookie: { secure: true, name: '__Host-session' },
    ...(place === 'store' ? { store } : {}),
  })
  async function someone(userId: string) {
    const session = await made.sessions.open(undefined)
    session.login(userId)
    const [line = ''] = (await session.commit()).getSetCookie()
    return { cookie: line.split(';')[0], token: session.csrfToken() }
  }
  const [me, her] = [await someone('ada'), await someone('grace')]
  return { ...made, me, her, calls: () => calls }
}

describe.each(['cookie', 'store'] as const)(
  'a request that changes something, sessions in a %s',
  (place) => {
    test('passes or not exactly as the table says, for every method, site, origin, token and session', async () => {
      const { sessions, events, me, her, calls } = await site(place)
      const wrong: string[] = []
      let count = 0
      const opening = { asked: 0, needed: 0 }
      for (const method of [...METHODS.asks, ...METHODS.does])
        for (const [siteName, siteValues] of Object.entries(SITES))
          for (const fetchSite of siteValues)
            for (const [originName, origins] of Object.entries(ORIGINS))
              for (const origin of origins)
                for (const [tokenName, token, carry] of TOKENS)
                  for (const cookie of [me.cookie, undefined]) {
                    const { header, given } = carry({ mine: me.token, hers: her.token })
                    const headers: Record<string, string | undefined> = {
                      host: HOST,
                      origin,
                      'sec-fetch-site': fetchSite,
                      'x-csrf-token': header,
                    }
                    const carrier = {}
                    sessions.mount([carrier], { method, cookie, header: (name) => headers[name] })
                    events.length = 0
                    const before = calls()
                    const outcome = await sessions.checkCsrf(carrier, given).then(
                      () => 'passes',
                      (error: { code: string; status: number }) => `${error.code} ${error.status}`,
                    )
                    const should = expected(method, siteName, originName, {
                      session: cookie !== undefined,
                      token,
                    })
                    const policy = POLICY[siteName]![COLUMNS.indexOf(originName)]!
                    const isOpen =
                      ['token', 'silent'].includes(policy) && METHODS.does.includes(method)
                    const refusals = events.filter(({ type }) => type === 'csrf-refused')
                    const isRight =
                      outcome === (should === 'passes' ? 'passes' : 'ERR_CSRF 403') &&
                      JSON.stringify(refusals) ===
                        JSON.stringify(
                          should === 'passes' ? [] : [{ type: 'csrf-refused', why: should }],
                        )
                    opening.asked += calls() - before
                    if (isOpen && cookie !== undefined && place === 'store') opening.needed += 1
                    count += 1
                    if (!isRight)
                      wrong.push(
                        `${method} ${fetchSite} ${origin} token ${tokenName} ${cookie ? 'with' : 'without'} session: ${outcome}, not ${should}`,
                      )
                  }
      expect(wrong).toEqual([])
      expect(count).toBe(12 * 10 * 13 * TOKENS.length * 2)
      // Where the headers decide, nobody asked the store.
      expect(opening.asked).toBe(opening.needed)
    })
  },
)
