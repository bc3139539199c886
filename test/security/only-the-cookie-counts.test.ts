import { describe, expect, test } from 'vitest'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { type Ask, served, WAYS } from '../promises/both-ways.ts'
import { T0, testSessions, Visitor } from '../session/visitor.ts'

/** Somebody's session, and a server that says who is asking. */
async function site(way: (typeof WAYS)[number], work: (ask: Ask, value: string) => Promise<void>) {
  const { sessions } = testSessions({ store: memoryStore({ clock: () => T0 }) })
  const ann = new Visitor(sessions)
  await ann.visit((session) => session.login('ann'))
  await served(
    way,
    sessions,
    async (open) => {
      const session = await open()
      session.set('seen', true)
      return { body: session.userId ?? 'nobody' }
    },
    (ask) => work(ask, ann.cookie!.slice('session='.length)),
  )
}

describe.each(WAYS)('through %s', (way) => {
  test('an id is taken from the cookie of our name, and from nowhere else', async () => {
    await site(way, async (ask, value) => {
      const user = async (headers: Record<string, string>) => (await ask(headers)).text()
      expect(await user({ cookie: `session=${value}` })).toBe('ann')
      const elsewhere: Record<string, string>[] = [
        { authorization: `Bearer ${value}` },
        { authorization: `Session ${value}` },
        { session: value },
        { 'x-session': value, 'x-session-id': value },
        { referer: `http://localhost/?session=${value}` },
        { cookie2: `session=${value}` },
        {
          cookie: `Session=${value}; sessionid=${value}; sid=${value}; __Host-Http-session=${value}`,
        },
        { cookie: `%73ession=${value}` },
        { cookie: `a=session=${value}` },
      ]
      for (const headers of elsewhere)
        expect(await user(headers), JSON.stringify(headers)).toBe('nobody')
    })
  })

  test('what a proxy may have written, or a visitor in its name, changes nothing', async () => {
    await site(way, async (ask) => {
      const line = async (headers: Record<string, string>) => {
        const [set] = (await ask(headers)).headers.getSetCookie()
        return set!.replace(/=[^;]+/, '=id')
      }
      const plain = await line({})
      const spoofed: Record<string, string>[] = [
        { 'x-forwarded-proto': 'https' },
        { 'x-forwarded-host': 'evil.example', 'x-forwarded-for': '1.2.3.4' },
        { forwarded: 'for=1.2.3.4;proto=https;host=evil.example' },
        { 'x-original-url': '/admin', 'x-forwarded-prefix': '/evil' },
        { 'x-forwarded-proto': 'http' },
      ]
      for (const headers of spoofed) expect(await line(headers)).toBe(plain)
    })
  })

  test('no response body, header or address carries the id, save the one Set-Cookie', async () => {
    await site(way, async (ask) => {
      const response = await ask()
      const [set, ...more] = response.headers.getSetCookie()
      expect(more).toEqual([])
      const [selector, verifier, mac] = /session=([^;]+)/.exec(set!)![1]!.split('.')
      const rest = [...response.headers].filter(([name]) => name !== 'set-cookie')
      const seen = JSON.stringify([rest, response.url, await response.text()])
      for (const part of [selector, verifier, mac]) expect(seen).not.toContain(part)
      // Nor does any header say whose library this is.
      expect(JSON.stringify([...response.headers])).not.toMatch(/sojourn/i)
    })
  })
})

describe('outside development', () => {
  test('the cookie is Secure and has a prefix, on plain HTTP too, whatever a proxy header says', async () => {
    for (const environment of ['production', 'staging', undefined]) {
      const before = process.env['NODE_ENV']
      if (environment === undefined) delete process.env['NODE_ENV']
      else process.env['NODE_ENV'] = environment
      const { sessions } = testSessions()
      process.env['NODE_ENV'] = before
      await served(
        'Express',
        sessions,
        async (open) => ({ body: String((await open()).set('x', 1).size) }),
        async (ask) => {
          for (const headers of [{}, { 'x-forwarded-proto': 'http' }]) {
            const [line] = (await ask(headers)).headers.getSetCookie()
            expect(line).toMatch(/^__Host-Http-session=[^;]+; .*HttpOnly; Path=\/; SameSite=Lax$/)
            expect(line).toMatch(/; Secure(;|$)/)
            expect(line).not.toMatch(/; Domain=/)
          }
        },
      )
    }
  })

  test.each([
    [{ name: '__Host-s', secure: false }],
    [{ name: '__Host-s', domain: 'example.com' }],
    [{ name: '__Host-s', path: '/app' }],
    [{ name: '__Secure-s', secure: false }],
    [{ sameSite: 'None' as const, secure: false }],
  ])('what browsers would refuse fails at start-up: %j', (cookie) => {
    const before = process.env['NODE_ENV']
    process.env['NODE_ENV'] = 'production'
    try {
      expect(() => testSessions({ cookie })).toThrow(
        expect.objectContaining({ code: 'ERR_OPTION_INVALID' }),
      )
    } finally {
      process.env['NODE_ENV'] = before
    }
  })
})
