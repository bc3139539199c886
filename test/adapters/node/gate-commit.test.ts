/** What the gate itself does: merges, waits, and answers for a commit that failed. */

import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { connect, createServer as createHttp2Server } from 'node:http2'
import { type AddressInfo, connect as connectSocket } from 'node:net'
import { Readable } from 'node:stream'
import compression from 'compression'
import express from 'express'
import { describe, expect, it } from 'vitest'
import { holdHeaders } from '../../../src/adapters/node/gate.ts'
import { withSessions } from '../../../src/adapters/node/node.ts'
import { refusalOf } from '../../../src/session/explain/refusal.ts'
import type { Maybe } from '../../../src/base/ports.ts'
import type { Outgoing } from '../../../src/http/headers.ts'
import { createSessions } from '../../../src/index.ts'
import { askHttp1, askHttp2, observe, serving } from './gate-observe.ts'
import type { Scenario } from './gate-scenarios.ts'

const REFUSAL_BODY = refusalOf(undefined).body

type Commit = () => Maybe<Outgoing | undefined>

const OURS = 'session=kept; Path=/'
const OUTGOING: Outgoing = { vary: true, setCookie: OURS }
const BIG = Buffer.alloc(300_000, 'abcdefghij')

const late = <Value>(value: Value) =>
  new Promise<Value>((resolve) => setTimeout(resolve, 30, value))

/** A commit that answers when told to. */
function deferred() {
  let answer!: (outgoing: Outgoing | undefined) => void
  let fail!: (error: unknown) => void
  const promise = new Promise<Outgoing | undefined>((resolve, reject) => {
    answer = resolve
    fail = reject
  })
  return { commit: () => promise, answer, fail }
}

/** Asks a server with a gate once, over HTTP/1. */
function ask(commit: Commit, handler: Scenario['handler'], extra: Partial<Scenario> = {}) {
  return observe({ handler, ...extra }, 'http1', (res) => holdHeaders(res, commit))
}

function values(observation: { headers: [string, ...string[]][] }, wanted: string): string[] {
  return observation.headers.find(([name]) => name.toLowerCase() === wanted)?.slice(1) ?? []
}

describe.each<[string, Commit]>([
  ['at once', () => OUTGOING],
  ['later', () => late(OUTGOING)],
])('our headers, with a commit that answers %s', (_when, commit) => {
  it.each<[string, any]>([
    ['an object', { 'Set-Cookie': ['app=1', 'session=old'], vary: 'Accept' }],
    ['a flat array', ['Set-Cookie', 'app=1', 'Set-Cookie', 'session=old', 'Vary', 'Accept']],
    [
      'pairs',
      [
        ['Set-Cookie', 'app=1'],
        ['set-cookie', 'session=old'],
        ['Vary', 'Accept'],
      ],
    ],
  ])('are merged into those given to writeHead as %s', async (_form, headers) => {
    const answer = await ask(commit, ({ res }) => void res.writeHead(200, headers).end())
    expect(values(answer, 'set-cookie')).toEqual(['app=1', OURS])
    expect(values(answer, 'vary')).toEqual(['Accept, Cookie'])
    expect(values(answer, 'cache-control')).toEqual(['private'])
  })

  it('are merged into those set before, and never loosen a stricter Cache-Control', async () => {
    const answer = await ask(commit, ({ res }) => {
      res.setHeader('Cache-Control', 'no-store')
      res.setHeader('Set-Cookie', 'app=1')
      res.setHeader('Vary', ['Accept', 'Origin'])
      res.end()
    })
    expect(values(answer, 'set-cookie')).toEqual(['app=1', OURS])
    expect(values(answer, 'vary')).toEqual(['Accept, Origin, Cookie'])
    expect(values(answer, 'cache-control')).toEqual(['no-store'])
  })

  it('are on the final response, not on an informational one', async () => {
    const answer = await ask(commit, ({ res }) => {
      res.writeEarlyHints({ link: '</a.css>; rel=preload' }, () => res.end('x'))
    })
    expect(answer.informational).toEqual([103])
    expect(values(answer, 'set-cookie')).toEqual([OURS])
  })

  it('come from two gates as well as from one', async () => {
    const handler: Scenario['handler'] = ({ res }) => {
      holdHeaders(res, () => ({ vary: true, setCookie: 'other=1' }))
      holdHeaders(res, () => late({ vary: true, setCookie: 'third=1' }))
      res.write('one ')
      res.end('two')
    }
    const answer = await ask(commit, handler)
    expect(values(answer, 'set-cookie')).toEqual(['third=1', 'other=1', OURS])
    expect(values(answer, 'vary')).toEqual(['Cookie'])
    expect(answer.body).toBe('one two')
  })
})

it('commits once, whatever is called', async () => {
  let commits = 0
  const commit = () => (commits++, late(OUTGOING))
  await ask(commit, ({ res }) => {
    res.flushHeaders()
    res.write('one')
    res.end('two')
  })
  expect(commits).toBe(1)
})

it('leaves a response alone whose headers had left before it came', async () => {
  const answer = await ask(
    () => undefined,
    ({ res }) => {
      res.write('one ')
      holdHeaders(res, () => OUTGOING)
      res.end('two')
    },
  )
  expect(answer.body).toBe('one two')
  expect(values(answer, 'set-cookie')).toEqual([])
})

it('does not commit for a head that Node refuses', async () => {
  let commits = 0
  await ask(
    () => (commits++, OUTGOING),
    ({ res, attempt, note }) => {
      attempt('status', () => res.writeHead(99))
      attempt('header', () => res.writeHead(200, { 'X-One': 'bad\n' }))
      attempt('chunk', () => res.write(null))
      note(commits)
      res.end()
    },
  ).then(({ seen }) => expect(seen.at(-1)).toEqual([0]))
  expect(commits).toBe(1)
})

describe('while it holds a response', () => {
  it('asks a writer to wait when there is no more room, and tells it when there is', async () => {
    const { commit, answer } = deferred()
    const { seen, body } = await ask(commit, ({ res, note }) => {
      note(res.write('x'), res.writableNeedDrain)
      note(res.write(BIG), res.writableNeedDrain)
      res.once('drain', () => {
        note('drain', res.writableNeedDrain)
        res.end('y')
      })
      setTimeout(answer, 10, OUTGOING)
    })
    expect(seen).toEqual([
      [true, false],
      [false, true],
      ['drain', false],
    ])
    expect(body.length).toBe(BIG.length + 2)
  })

  it('tells no writer to go on who was not asked to wait', async () => {
    const { seen } = await ask(
      () => late(OUTGOING),
      ({ res, note }) => {
        res.on('drain', () => note('drain'))
        res.write('x')
        setTimeout(() => res.end(), 50)
      },
    )
    expect(seen).toEqual([])
  })

  it('notices at once that the visitor has left', async () => {
    const { commit, answer } = deferred()
    const events: string[] = []
    const listener = (req: IncomingMessage, res: ServerResponse) => {
      holdHeaders(res, commit)
      res.on('close', () => events.push('close'))
      res.write('some')
      res.end('more')
      req.socket.on('close', () => {
        events.push('answer')
        answer(OUTGOING)
      })
      leave()
    }
    let leave = () => {}
    await serving('http1', listener, async (port) => {
      const socket = connectSocket(port, '127.0.0.1')
      leave = () => socket.resetAndDestroy()
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
      await expect.poll(() => events).toEqual(['close', 'answer'])
    })
  })

  it('survives an HTTP/2 visitor who has left', async () => {
    const { commit, answer } = deferred()
    const events: string[] = []
    let leave = () => {}
    const listener = (_req: IncomingMessage, res: ServerResponse) => {
      holdHeaders(res, commit)
      res.on('close', () => {
        events.push('close')
        answer(OUTGOING)
        setImmediate(() => events.push('answered'))
      })
      res.write('some')
      leave()
    }
    await serving('http2', listener, async (port) => {
      const session = connect(`http://127.0.0.1:${port}`)
      session.on('error', () => {})
      leave = () => session.destroy()
      session.request({ ':path': '/' }).on('error', () => {})
      await expect.poll(() => events).toEqual(['close', 'answered'])
    })
  })

  it('answers pipelined requests in order, with one hook on their socket', async () => {
    const commits = [deferred(), deferred(), deferred()]
    const hooks = new Set<unknown>()
    let index = 0
    const listener = (req: IncomingMessage, res: ServerResponse) => {
      const mine = commits[index++]!
      holdHeaders(res, mine.commit)
      res.write(`${req.url} `)
      hooks.add(req.socket.destroy)
      res.on('finish', () => hooks.add(req.socket.destroy))
      res.end()
      if (index === 3) for (const each of commits.toReversed()) each.answer(OUTGOING)
    }
    const text = await serving('http1', listener, async (port) => {
      const socket = connectSocket(port, '127.0.0.1')
      for (const path of ['/one', '/two', '/three']) {
        const last = path === '/three' ? 'Connection: close\r\n' : ''
        socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n${last}\r\n`)
      }
      let received = ''
      for await (const chunk of socket) received += chunk
      return received
    })
    expect(text.match(/\/(one|two|three) /g)).toEqual(['/one ', '/two ', '/three '])
    expect(hooks.size).toBe(1)
  })
})

describe.each<[string, Commit]>([
  ['at once', failNow],
  ['after 0 ms', () => Promise.reject(new Error('secret words of a store'))],
  ['after 30 ms', () => late(0).then(failNow)],
])('a commit that fails %s', (_when, commit) => {
  const asks: [string, Scenario['handler']][] = [
    ['end', ({ res }) => void res.end('welcome')],
    ['writeHead', ({ res }) => void res.writeHead(302, { Location: '/', ETag: '"1"' }).end()],
    ['flushHeaders', ({ res }) => (res.flushHeaders(), void res.end('welcome'))],
    ['a stream', ({ res }) => void Readable.from(['wel', 'come']).pipe(res)],
    ['304', ({ res }) => void res.writeHead(304, ['ETag', '"1"']).end()],
    [
      'compressed content',
      ({ res }) => {
        res.setHeader('Content-Encoding', 'br')
        res.setHeader('Content-Length', 12_345)
        res.end('xxx')
      },
    ],
  ]
  it.each(asks)('is answered with the fixed error instead of %s', async (_name, handler) => {
    for (const protocol of ['http1', 'http2'] as const) {
      const answer = await observe({ handler }, protocol, (res) => holdHeaders(res, commit))
      expect(answer).toMatchObject({ status: 500, body: REFUSAL_BODY, ending: 'complete' })
      expect(values(answer, 'set-cookie')).toEqual([])
      expect(values(answer, 'cache-control')).toEqual(['no-store'])
      expect(values(answer, 'content-length')).toEqual([String(REFUSAL_BODY.length)])
      for (const gone of ['location', 'etag', 'content-encoding']) {
        expect(values(answer, gone)).toEqual([])
      }
    }
  })

  it('keeps headers that protect the page, and the reason that fits', async () => {
    const answer = await ask(commit, ({ res }) => {
      res.setHeader('Content-Security-Policy', "default-src 'self'")
      res.writeHead(200, 'Splendid').end('welcome')
    })
    expect(values(answer, 'content-security-policy')).toEqual(["default-src 'self'"])
    expect(answer.reason).toBe('Internal Server Error')
  })

  it('answers HEAD without a body', async () => {
    const answer = await ask(commit, ({ res }) => void res.end('x'), { method: 'HEAD' })
    expect(answer).toMatchObject({ status: 500, body: '', ending: 'complete' })
  })

  it.each(['before', 'after'])('does not hang with compression mounted %s us', async (where) => {
    for (const [, handler] of asks) {
      const answer = await ask(
        commit,
        (exchange) => {
          exchange.res.setHeader('Content-Type', 'text/plain')
          handler(exchange)
        },
        { headers: { 'accept-encoding': 'gzip' }, [where]: compression({ threshold: 0 }) },
      )
      expect(answer).toMatchObject({ status: 500, body: REFUSAL_BODY, ending: 'complete' })
    }
  })

  it('swallows what the app still sends: callbacks are called', async () => {
    const { seen } = await ask(commit, ({ res, note }) => {
      res.write('one', () => note('write'))
      res.end('two', () => note('end'))
    })
    expect(seen.flat()).toEqual(expect.arrayContaining(['write', 'end']))
    expect(seen).toHaveLength(2)
  })

  it('lets a big source run dry', async () => {
    const ended = new Promise<void>((done) => {
      void ask(commit, ({ res }) => {
        const source = Readable.from(Array.from({ length: 20 }, () => BIG))
        source.on('end', done)
        res.on('close', () => source.resume())
        source.pipe(res)
      })
    })
    await expect(ended).resolves.toBeUndefined()
  })

  it('is known to a write callback by its error', async () => {
    const told: unknown[] = []
    await ask(commit, ({ res }) => {
      res.write('one', (error) => told.push(error?.message))
    })
    await expect.poll(() => told.length).toBe(1)
    expect(told).toEqual(['secret words of a store'])
  })

  it('leaves the connection usable', async () => {
    let isFirst = true
    const listener = (_req: IncomingMessage, res: ServerResponse) => {
      holdHeaders(res, isFirst ? commit : () => OUTGOING)
      isFirst = false
      res.end('welcome')
    }
    await serving('http1', listener, async (port) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      const get = () =>
        new Promise<[number | undefined, boolean]>((done) => {
          const req = request({ port, agent }, (res) => {
            res.resume().on('end', () => done([res.statusCode, req.reusedSocket]))
          }).end()
        })
      expect(await get()).toEqual([500, false])
      expect(await get()).toEqual([200, true])
      agent.destroy()
    })
  })

  it('does not reach an Express app as a second error', async () => {
    const errors: unknown[] = []
    const app = express()
    app.use((_req, res, next) => {
      holdHeaders(res, commit)
      next()
    })
    app.use(compression({ threshold: 0 }))
    app.get('/', (_req, res) => void res.send('welcome'))
    app.use(((error, _req, _res, next) => {
      errors.push(error)
      next(error)
    }) as express.ErrorRequestHandler)
    const answer = await serving('http1', app, (port) => askHttp1(port))
    expect(answer).toMatchObject({ status: 500, body: REFUSAL_BODY })
    expect(errors).toEqual([])
  })
})

function failNow(): never {
  throw new Error('secret words of a store')
}

describe('withSessions', () => {
  const secret = 'correct-horse-battery-staple-0123456789abcdef'
  it('serves HTTP/2 through its compatibility API', async () => {
    const sessions = createSessions<{ visits: number }>({ secret })
    const server = createHttp2Server(
      withSessions(sessions, async (req, res) => {
        const session = await sessions.get(req)
        res.end(`${session.update('visits', (n = 0) => n + 1)} ${req.stream.id}`)
      }),
    )
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as AddressInfo
    const first = await askHttp2(port)
    expect(first.body).toBe('1 1')
    const cookie = values(first, 'set-cookie')[0]!.split(';')[0]!
    const second = await askHttp2(port, { headers: { cookie } })
    expect(second.body).toBe('2 1')
    await new Promise((done) => server.close(done))
  })

  it('adds nothing to a response of a route that never asks', async () => {
    const sessions = createSessions({ secret })
    const listener = withSessions(sessions, (_req, res) => res.end('hello'))
    const answer = await serving('http1', listener, (port) => askHttp1(port))
    for (const name of ['vary', 'set-cookie', 'cache-control']) {
      expect(values(answer, name)).toEqual([])
    }
  })
})
