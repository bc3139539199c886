/** Changes that are lost without an error: each is an event and a development warning that names the key. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import {
  afterEach,
  beforeEach,
  describe,
  expect,
  it,
  type MockInstance,
  onTestFinished,
  vi,
} from 'vitest'
import { sessionMiddleware } from '../../src/adapters/express.ts'
import { withSessions as withFetch } from '../../src/adapters/fetch.ts'
import { withSessions } from '../../src/adapters/node/node.ts'
import { flask } from '../../src/flask/flask.ts'
import {
  createSessions,
  type Session,
  type EventFacts,
  type SessionOptions,
} from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { testVisitor } from '../../src/testing/visitor.ts'
import { SECRET } from './visitor.ts'
import { factsOf } from './facts-of.ts'

const KINDS: readonly [string, () => SessionOptions][] = [
  ['a cookie', () => ({ secret: SECRET })],
  ["Flask's cookie", () => flask({ SECRET_KEY: SECRET })],
  ['a store', () => ({ secret: SECRET, store: memoryStore() })],
]

let warn: MockInstance<typeof console.warn>
beforeEach(() => (warn = vi.spyOn(console, 'warn').mockImplementation(() => {})))
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllEnvs()
})

const warned = (text: RegExp) => warn.mock.calls.filter(([line]) => text.test(String(line))).length

/** Sessions, the losses they report, and a visitor who has a cart and a name. */
async function setUp(options: SessionOptions) {
  const losses: EventFacts[] = []
  let reported: (() => void) | undefined
  const sessions = createSessions<any>({
    ...options,
    onEvent(event) {
      if (event.type !== 'changes-lost') return
      losses.push(factsOf(event))
      reported?.()
    },
  })
  const visitor = testVisitor(sessions)
  await visitor.session((session) => session.set('cart', ['tea']).set('name', 'Ada'))
  const loss = () => new Promise<void>((resolve) => (reported = resolve))
  return { sessions, losses, loss, visitor }
}

type Listener = (req: IncomingMessage, res: ServerResponse) => unknown

async function serve(listener: Listener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe.each(KINDS)(
  'a nested change after the response was sent, of a session in %s',
  (_, options) => {
    const LOST = [{ type: 'changes-lost', why: 'after-response', keys: ['cart'] }]

    it('is reported behind Express', async () => {
      const { sessions, losses, loss, visitor } = await setUp(options())
      const app = express().use(sessionMiddleware(sessions))
      app.get('/', async (req, res) => {
        const cart = (await sessions.get(req)).get('cart')
        res.send('sent')
        cart.push('late')
      })
      const url = await serve(app)
      const told = loss()
      await (await fetch(url, { headers: { cookie: visitor.cookie } })).text()
      await told
      expect(losses).toEqual(LOST)
      expect(warned(/changed after the response was sent, and the change is lost: "cart"/)).toBe(1)
      expect(await visitor.session((session) => session.get('cart'))).toEqual(['tea'])
    })

    it('is reported behind node:http, at the end of a stream too, and in production', async () => {
      vi.stubEnv('NODE_ENV', 'production')
      const { sessions, losses, loss, visitor } = await setUp(options())
      const url = await serve(
        withSessions(sessions, async (req, res) => {
          const session = await sessions.get(req)
          const added = { tags: ['a'] }
          if (req.url === '/set') session.set('added', added)
          res.write('begun')
          await new Promise((resolve) => void setImmediate(resolve))
          if (req.url === '/set') added.tags.push('late')
          // Asked for only after the headers were sent.
          else session.get('cart').push('late')
          res.end()
        }),
      )
      for (const [path, key] of [
        ['/', 'cart'],
        ['/set', 'added'],
      ] as const) {
        const told = loss()
        await (await fetch(url + path, { headers: { cookie: visitor.cookie } })).text()
        await told
        expect(losses.splice(0)).toEqual([{ ...LOST[0], keys: [key] }])
      }
      expect(warned(/lost|not saved/)).toBe(0)
    })

    it('is reported behind Fetch, and in development also where it comes a second later', async () => {
      vi.useFakeTimers()
      const { sessions, losses, visitor } = await setUp(options())
      let session!: Session
      const handler = withFetch(sessions, async (request) => {
        session = await sessions.get(request)
        void session.get('cart')
        return new Response('sent')
      })
      await handler(new Request('http://localhost/', { headers: { cookie: visitor.cookie } }))
      session.get('cart').push('late')
      vi.advanceTimersByTime(1)
      expect(losses).toEqual(LOST)
      await handler(new Request('http://localhost/', { headers: { cookie: visitor.cookie } }))
      vi.advanceTimersByTime(1000)
      session.get('cart').push('later')
      vi.advanceTimersByTime(2000)
      expect(losses).toEqual([...LOST, ...LOST])
    })

    it('is no report where nothing changed, and none where the change came in time', async () => {
      vi.useFakeTimers()
      const { sessions, losses, visitor } = await setUp(options())
      const handler = withFetch(sessions, async (request) => {
        const session = await sessions.get(request)
        session.get('cart').push('cup')
        session.set('more', ['x'])
        return new Response('sent')
      })
      await handler(new Request('http://localhost/', { headers: { cookie: visitor.cookie } }))
      vi.advanceTimersByTime(10_000)
      expect(losses).toEqual([])
      expect(vi.getTimerCount()).toBe(0)
    })
  },
)

describe('a session of a response that cannot set a cookie', () => {
  /** A runtime's answer to a WebSocket upgrade: `Response` itself refuses status 101. */
  const upgraded = () => ({ status: 101, type: 'default', headers: new Headers(), body: null })

  it.each(KINDS)('in %s: a change that needs a cookie is reported', async (_, options) => {
    const { sessions, losses } = await setUp(options())
    const handler = withFetch(sessions, async (request) => {
      const session = await sessions.get(request)
      session.set('seen', 1)
      session.login('ada')
      return upgraded() as Response
    })
    expect((await handler(new Request('http://localhost/'))).status).toBe(101)
    expect(losses).toEqual([
      { type: 'changes-lost', why: 'no-set-cookie', keys: ['seen', 'login()'] },
    ])
    expect(warned(/cannot set a cookie \(status 101\).*: "seen", "login\(\)"/)).toBe(1)
  })

  it('a read, and a change that a store has saved, are no loss', async () => {
    const { sessions, losses, visitor } = await setUp({ secret: SECRET, store: memoryStore() })
    for (const change of [() => {}, (session: Session<any>) => session.set('seen', 1)]) {
      const handler = withFetch(sessions, async (request) => {
        change(await sessions.get(request))
        return upgraded() as Response
      })
      await handler(new Request('http://localhost/', { headers: { cookie: visitor.cookie } }))
    }
    expect(losses).toEqual([])
    expect(await visitor.session((session) => session.get('seen'))).toBe(1)
  })

  it('a read is no loss in a cookie either', async () => {
    const { sessions, losses, visitor } = await setUp({ secret: SECRET })
    const handler = withFetch(sessions, async (request) => {
      void (await sessions.get(request)).get('cart')
      return upgraded() as Response
    })
    await handler(new Request('http://localhost/', { headers: { cookie: visitor.cookie } }))
    expect(losses).toEqual([])
  })
})

describe.each(KINDS)('a session of sessions.open(), in %s', (_, options) => {
  it('that is changed and not committed is reported after three seconds', async () => {
    vi.useFakeTimers()
    const { sessions, losses, visitor } = await setUp(options())
    const session = await sessions.open(visitor.cookie)
    session.set('seen', 1)
    session.get('cart').push('cup')
    session.login('ada')
    vi.advanceTimersByTime(2_999)
    expect(losses).toEqual([])
    vi.advanceTimersByTime(1)
    expect(losses).toEqual([
      { type: 'changes-lost', why: 'not-committed', keys: ['seen', 'login()', 'cart'] },
    ])
    expect(warned(/sessions\.open\(\) was changed .* not saved: "seen", "login\(\)", "cart"/)).toBe(
      1,
    )
  })

  it('whose only change is a login as another user is reported', async () => {
    vi.useFakeTimers()
    const { sessions, losses, visitor } = await setUp(options())
    await visitor.session((session) => session.login('bob'))
    ;(await sessions.open(visitor.cookie)).login('ada')
    vi.advanceTimersByTime(3_000)
    expect(losses).toEqual([{ type: 'changes-lost', why: 'not-committed', keys: ['login()'] }])
  })

  it('that is changed inside a value after its commit is reported in development', async () => {
    vi.useFakeTimers()
    const { sessions, losses, visitor } = await setUp(options())
    const session = await sessions.open(visitor.cookie)
    const cart = session.get('cart')
    cart.push('cup')
    await session.commit()
    cart.push('lost')
    vi.advanceTimersByTime(3_000)
    expect(losses).toEqual([{ type: 'changes-lost', why: 'not-committed', keys: ['cart'] }])
  })

  it('whose only change is inside a value is reported in development', async () => {
    vi.useFakeTimers()
    const { sessions, losses, visitor } = await setUp(options())
    ;(await sessions.open(visitor.cookie)).get('cart').push('cup')
    vi.advanceTimersByTime(3_000)
    expect(losses).toEqual([{ type: 'changes-lost', why: 'not-committed', keys: ['cart'] }])
  })

  it('is reported in production, where a change was made by a call', async () => {
    vi.stubEnv('NODE_ENV', 'production')
    vi.useFakeTimers()
    const { sessions, losses, visitor } = await setUp(options())
    void (await sessions.open(visitor.cookie)).get('cart')
    expect(vi.getTimerCount()).toBe(0)
    ;(await sessions.open(visitor.cookie)).set('seen', 1)
    vi.advanceTimersByTime(3_000)
    expect(losses).toHaveLength(1)
    expect(warned(/lost|not saved/)).toBe(0)
  })

  it('costs no timer in production where nobody listens', async () => {
    vi.stubEnv('NODE_ENV', 'production')
    vi.useFakeTimers()
    const sessions = createSessions(options())
    const visitor = testVisitor(sessions)
    await visitor.session((session) => session.set('cart', ['tea']))
    const handler = withFetch(sessions, async (request) => {
      ;(await sessions.get(request)).get('cart').push('cup')
      return new Response()
    })
    await handler(new Request('http://localhost/', { headers: { cookie: visitor.cookie } }))
    ;(await sessions.open(visitor.cookie)).set('seen', 1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('that is only read, or committed, is not reported and leaves no timer', async () => {
    vi.useFakeTimers()
    const { sessions, losses, visitor } = await setUp(options())
    const session = await sessions.open(visitor.cookie)
    session.flash('shown', 'info')
    await session.commit()
    expect(vi.getTimerCount()).toBe(0)
    void (await sessions.open(visitor.cookie)).get('cart')
    void (await sessions.open(visitor.cookie)).get('name')
    vi.advanceTimersByTime(3_000)
    expect(losses).toEqual([])
    session.set('again', 1)
    vi.advanceTimersByTime(3_000)
    expect(losses).toMatchObject([{ keys: ['again'] }])
  })

  it('whose commit failed is not reported again: the error said so', async () => {
    vi.useFakeTimers()
    const { sessions, losses, visitor } = await setUp(options())
    const session = await sessions.open(visitor.cookie)
    session.set(
      'essay',
      Array.from({ length: 300_000 }, (_item, at) => at),
    )
    await expect(session.commit()).rejects.toThrow(/would be \d+ bytes/)
    vi.advanceTimersByTime(3_000)
    expect(losses).toEqual([])
  })
})
