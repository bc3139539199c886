import { describe, expect, test } from 'vitest'
import { LIBRARIES } from './libraries.ts'
import { browser, idIn, type Library, type Respond, SECRET, site, stopClock } from './site.ts'
import { type Library as Name, newPrefix, startApp } from './start-app.ts'

const one = (html: string, id: string) => new RegExp(`id="${id}">([^<]*)<`).exec(html)?.[1]
const cart = (html: string) => [...html.matchAll(/<li>([^<]*)</g)].map(([, text]) => text)

describe.each(['connect-redis', 'connect-pg-simple'] as const)(
  'an app on express-session with %s, whose process is replaced',
  (store) => {
    test.each([
      ['by the drop-in, and back', ['express-session', 'the drop-in', 'express-session']],
      ['by itself, the control', ['express-session', 'express-session']],
      [
        'by express-session, begun on the drop-in',
        ['the drop-in', 'express-session', 'the drop-in'],
      ],
    ] as [string, Name[]][])(
      '%s: nobody is signed out, and every change is there',
      async (_how, row) => {
        const prefix = newPrefix()
        const at = { origin: '' }
        const { get, post, jar } = browser(at)
        let cookie: string | undefined
        let id: string | undefined
        const expected: string[] = []
        for (const [turn, library] of row.entries()) {
          const app = await startApp(library, store, prefix)
          at.origin = app.origin
          if (turn === 0) await post('/login', { name: 'ada', password: 'lovelace' })
          const home = (await get()).text
          expect(one(home, 'who'), home).toBe('Signed in as ada')
          expect(one(home, 'views')).toBe(`Views: ${3 * turn + 1}`)
          expect(one((await get()).text, 'views')).toBe(`Views: ${3 * turn + 2}`)
          expect(cart((await get('/cart')).text)).toEqual(expected)
          await post('/cart', { item: `from ${turn}` })
          expected.push(`from ${turn}: 1`)
          expect(cart((await get('/cart')).text)).toEqual(expected)
          expect(one((await get('/account')).text, 'secret')).toBe('The account of ada')
          // The session stays as it is: nobody gets another cookie.
          cookie ??= jar.get('connect.sid')
          id ??= one(home, 'sid')
          expect([jar.get('connect.sid'), one((await get()).text, 'sid')]).toEqual([cookie, id])
          await app.stop()
        }
      },
    )

    test('is signed out on both once it was on one', async () => {
      const prefix = newPrefix()
      const before = await startApp('express-session', store, prefix)
      const after = await startApp('the drop-in', store, prefix)
      for (const [one, other] of [
        [before, after],
        [after, before],
      ] as const) {
        const visitor = browser(one)
        await visitor.post('/login', { name: 'ada', password: 'lovelace' })
        const cookie = `connect.sid=${visitor.jar.get('connect.sid')}`
        expect((await browser(other).get('/account', { cookie })).status).toBe(200)
        await browser(other).post('/logout', {}, { cookie })
        expect((await visitor.get('/account', { cookie })).status).toBe(302)
        expect((await browser(other).get('/account', { cookie })).status).toBe(302)
      }
    })
  },
)

const OLDER = 'an-older-secret-of-this-site-8hTq'

const signIn: Respond = (req, res) => {
  req.session.user ??= 'ann'
  req.session.n = (req.session.n ?? 0) + 1
  res.end(`${req.session.user} ${req.session.n}`)
}

const [[, express], [, dropIn]] = LIBRARIES as unknown as [[string, Library], [string, Library]]

describe.each([
  ['express-session, then the drop-in', express, dropIn],
  ['the drop-in, then express-session', dropIn, express],
])('on a store in memory: %s', (_order, before, after) => {
  /** A store as people write them, with what express-session calls and nothing else. */
  class OwnStore extends express.Store {
    readonly rows = new Map<string, string>()
    get(id: string, done: (error: unknown, data?: any) => void) {
      const text = this.rows.get(id)
      setImmediate(done, null, text && JSON.parse(text))
    }
    set(id: string, data: object, done?: () => void) {
      this.rows.set(id, JSON.stringify(data))
      setImmediate(() => done?.())
    }
    destroy(id: string, done?: () => void) {
      this.rows.delete(id)
      setImmediate(() => done?.())
    }
  }

  const cookieOf = (line: string | undefined) => ({ cookie: /^[^;]*/.exec(line!)![0] })

  /** The first answer on the one library, and then what the other says to that cookie. */
  const switched = async (options: {
    before?: object
    after?: object
    spoil?(cookie: string): string
  }) => {
    const store = new OwnStore()
    const first = await (await site(before, { store, ...options.before }, signIn)).get()
    const { cookie } = cookieOf(first.lines[0])
    const its = await site(after, { store, ...options.after }, signIn)
    return {
      store,
      first,
      answer: await its.get('/', { cookie: options.spoil?.(cookie) ?? cookie }),
    }
  }

  test('the visitor is still signed in', async () => {
    const { store, first, answer } = await switched({})
    expect([first.text, answer.text]).toEqual(['ann 1', 'ann 2'])
    expect(answer.lines).toEqual([])
    expect([...store.rows.keys()]).toEqual([idIn(first)])
    expect(JSON.parse(store.rows.get(idIn(first))!)).toEqual({
      cookie: { originalMaxAge: null, expires: null, httpOnly: true, path: '/' },
      user: 'ann',
      n: 2,
    })
  })

  test('a cookie one character off is a stranger’s', async () => {
    const { answer, first } = await switched({
      spoil: (cookie) => cookie.replace(/.$/, (c) => (c === 'A' ? 'B' : 'A')),
    })
    expect(answer.text).toBe('ann 1')
    expect(idIn(answer)).not.toBe(idIn(first))
  })

  test('a cookie of another secret is a stranger’s', async () => {
    const { answer } = await switched({ before: { secret: OLDER } })
    expect(answer.text).toBe('ann 1')
  })

  test('a cookie of an older secret in the array is accepted', async () => {
    const options = { before: { secret: OLDER }, after: { secret: [SECRET, OLDER] } }
    expect((await switched(options)).answer.text).toBe('ann 2')
  })

  test('an expired session is a stranger’s', async () => {
    const clock = stopClock()
    const store = new express.MemoryStore()
    const cookie = { maxAge: 60_000 }
    const first = await (await site(before, { store, cookie }, signIn)).get()
    const its = await site(after, { store, cookie }, signIn)
    clock.advance(59_999)
    expect((await its.get('/', cookieOf(first.lines[0]))).text).toBe('ann 2')
    clock.advance(60_000)
    const late = await its.get('/', cookieOf(first.lines[0]))
    expect(late.text).toBe('ann 1')
    expect(idIn(late)).not.toBe(idIn(first))
  })

  test('the cookie of the one says what that of the other says', async () => {
    stopClock()
    const cookie = { maxAge: 60_000, sameSite: 'lax', domain: 'example.com' } as const
    const options = { cookie, genid: () => 'apple' }
    const [one, other] = await Promise.all([
      (await site(before, options, signIn)).get(),
      (await site(after, options, signIn)).get(),
    ])
    expect(one.lines).toEqual(other.lines)
  })
})
