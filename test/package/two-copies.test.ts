/** Two copies of the package in one process, as in a monorepo: the same answers as with one. */

import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import type * as Core from '../../src/index.ts'
import type * as OnExpress from '../../src/adapters/express.ts'
import type * as OnFetch from '../../src/adapters/fetch.ts'
import type * as OnNode from '../../src/adapters/node/node.ts'
import type * as Memory from '../../src/stores/memory/memory.ts'
import { EXPRESS } from '../adapters/express-versions.ts'
import { SECRET } from '../session/visitor.ts'
import { root } from './repository.ts'

interface Copy {
  core: typeof Core
  onExpress: typeof OnExpress
  onFetch: typeof OnFetch
  onNode: typeof OnNode
  memory: typeof Memory
}

let folder = ''
let one: Copy
let other: Copy

async function load(dist: string): Promise<Copy> {
  const from = (file: string) => import(/* @vite-ignore */ pathToFileURL(join(dist, file)).href)
  const core = await from('index.js')
  const onExpress = await from('adapters/express.js')
  const onFetch = await from('adapters/fetch.js')
  const onNode = await from('adapters/node/node.js')
  const memory = await from('stores/memory/memory.js')
  return { core, onExpress, onFetch, onNode, memory }
}

beforeAll(async () => {
  folder = mkdtempSync(join(root, 'node_modules', '.two-copies-'))
  mkdirSync(join(folder, 'other'))
  for (const name of ['package.json', 'dist']) {
    cpSync(join(root, name), join(folder, 'other', name), { recursive: true })
  }
  one = await load(join(root, 'dist'))
  other = await load(join(folder, 'other', 'dist'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function sessionsOf(copy: Copy, options: Partial<Core.SessionOptions> = {}) {
  return copy.core.createSessions<any>({
    secret: SECRET,
    cookie: { name: 'session', secure: false },
    ...options,
  })
}

async function serve(listener: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

test('they are two', () => {
  expect(one.core.SessionError).not.toBe(other.core.SessionError)
})

describe('an error of the one', () => {
  test('is a SessionError for the other, with its code, status and headers', async () => {
    const error = new one.core.SessionError('ERR_NOT_SIGNED_IN')
    expect(error).toBeInstanceOf(other.core.SessionError)
    expect(error).toMatchObject({ code: 'ERR_NOT_SIGNED_IN', status: 401 })
    expect(error.withHeader('x-app', '1')).toBeInstanceOf(other.core.SessionError)
    for (const stranger of [new Error('x'), { code: 'ERR_NOT_SIGNED_IN' }, null, 'x']) {
      expect(stranger instanceof other.core.SessionError).toBe(false)
    }
  })

  test('is none of a class that an app derives', () => {
    class Own extends other.core.SessionError {}
    expect(new one.core.SessionError('ERR_CSRF') instanceof Own).toBe(false)
    expect(new Own('ERR_CSRF') instanceof Own).toBe(true)
  })

  test('is printed without the brand', () => {
    const error = new one.core.SessionError('ERR_CSRF')
    expect(Object.keys(error)).not.toContain('sojourn.error')
    expect(Object.getOwnPropertySymbols(error)).toEqual([])
  })
})

describe('sessions of the one behind an adapter of the other', () => {
  test('answer the 401 and the 403 of node:http', async () => {
    const sessions = sessionsOf(one)
    const url = await serve(
      other.onNode.withSessions(sessions, async (req, res) => {
        await (req.method === 'POST' ? sessions.checkCsrf(req) : sessions.signedIn(req))
        res.end('SECRET')
      }),
    )
    expect((await fetch(url)).status).toBe(401)
    const headers = { 'sec-fetch-site': 'cross-site' }
    expect((await fetch(url, { method: 'POST', headers })).status).toBe(403)
  })

  test('answer the 401 of Fetch, and of a guard that nobody awaited', async () => {
    const sessions = sessionsOf(one)
    for (const isAwaited of [true, false]) {
      const handler = other.onFetch.withSessions(sessions, async (request: Request) => {
        const asked = sessions.signedIn(request)
        if (isAwaited) await asked
        return new Response('SECRET')
      })
      expect((await handler(new Request('http://site/'))).status).toBe(401)
    }
  })

  test.each(['Express', 'Express 4'] as const)(
    'redirect with loginRequired, %s',
    async (version) => {
      const sessions = sessionsOf(one)
      const app = EXPRESS[version]()
        .use(other.onExpress.sessionMiddleware(sessions))
        .use(other.onExpress.loginRequired(sessions, { redirect: '/login' }))
      const answer = await fetch(await serve(app), { redirect: 'manual' })
      expect([answer.status, answer.headers.get('location')]).toEqual([303, '/login?next=%2F'])
    },
  )

  test('hold one response together with sessions of the other', async () => {
    const mine = sessionsOf(one)
    const theirs = sessionsOf(other, { cookie: { name: 'theirs', secure: false } })
    const app = EXPRESS['Express']()
      .use(one.onExpress.sessionMiddleware(mine))
      .use(other.onExpress.sessionMiddleware(theirs))
      .use(async (req, res) => {
        ;(await mine.get(req)).set('a', 1)
        ;(await theirs.get(req)).set('a', 2)
        res.send('page')
      })
    const lines = (await fetch(await serve(app))).headers.getSetCookie()
    expect(lines.map((line) => line.split('=')[0]).toSorted()).toEqual(['session', 'theirs'])
  })
})

describe('a store of the other', () => {
  test('that does not confirm a logout still clears the cookie in this browser', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    const kept = other.memory.memoryStore()
    let isAway = false
    const store: typeof kept = {
      ...kept,
      swap: (...args) => (isAway ? Promise.reject(new Error('away')) : kept.swap(...args)),
      remove: (...args) => (isAway ? Promise.reject(new Error('away')) : kept.remove(...args)),
    }
    const sessions = sessionsOf(one, {
      store,
      deadlines: { read: '1s', write: '1s', commit: '1s' },
    })
    const signedIn = await sessions.open(undefined)
    signedIn.login('ada')
    const cookie = (await signedIn.commit()).getSetCookie()[0]!.split(';')[0]!
    const url = await serve(
      other.onNode.withSessions(sessions, async (req, res) => {
        ;(await sessions.get(req)).logout()
        isAway = true
        res.end('good-bye')
      }),
    )
    const answer = await fetch(url, { headers: { cookie } })
    expect(answer.status).toBe(503)
    expect(answer.headers.getSetCookie()[0]).toMatch(/^session=;.*Max-Age=0/)
  })

  test('saves what the one has changed', async () => {
    const sessions = sessionsOf(one, { store: other.memory.memoryStore() })
    const session = await sessions.open(undefined)
    session.set('cart', { tea: 2 })
    const cookie = (await session.commit()).getSetCookie()[0]!.split(';')[0]!
    const again = await sessions.open(cookie)
    again.update('cart', (cart: any) => ({ ...cart, pot: 1 }))
    await again.commit()
    expect((await sessions.open(cookie)).get('cart')).toEqual({ tea: 2, pot: 1 })
  })
})

test('a tag may refuse a text with the mark of the other copy', async () => {
  class Money {
    readonly cents: number
    constructor(cents: number) {
      this.cents = cents
    }
  }
  const tag: Core.Tag<Money> = {
    key: ' money',
    test: (value): value is Money => value instanceof Money,
    encode: ({ cents }) => cents,
    decode: (cents) => (cents === 1 ? other.core.UNREADABLE : new Money(cents as number)),
  }
  const sessions = sessionsOf(one, { tags: [tag] })
  const opened = async (cents: number) => {
    const session = (await sessions.open(undefined)).set('price', new Money(cents))
    const cookie = (await session.commit()).getSetCookie()[0]!.split(';')[0]!
    return (await sessions.open(cookie)).get('price')
  }
  expect(await opened(2)).toEqual(new Money(2))
  expect(await opened(1)).toBeUndefined()
})
