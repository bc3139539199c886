/** What a held response leaves behind: one hook on its socket, and objects as fast as before. */

import {
  Agent,
  get,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import { connect, Socket } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { expect, it } from 'vitest'
import { holdHeaders } from '../../../src/adapters/node/gate.ts'
import { serving } from './gate-observe.ts'

type Answer = () => void

/** A commit that answers when told to. */
function deferred(): { promise: Promise<undefined>; answer: Answer } {
  let answer!: Answer
  const promise = new Promise<undefined>((resolve) => (answer = () => resolve(undefined)))
  return { promise, answer }
}

/** Sends requests one after the other over one connection. */
async function askInTurn(listener: RequestListener, count: number): Promise<void> {
  await serving('http1', listener, async (port) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (let sent = 0; sent < count; sent++) {
      await new Promise((done, failed) => {
        get({ port, agent }, (res) => res.resume().on('end', done)).on('error', failed)
      })
    }
    agent.destroy()
  })
}

it('keeps one hook on a socket, however many responses it has carried', async () => {
  const hooks: unknown[] = []
  await askInTurn((req, res) => {
    holdHeaders(res, () => Promise.resolve(undefined))
    res.end('x')
    hooks.push(req.socket.destroy)
  }, 4)
  expect(hooks).toHaveLength(4)
  expect(new Set(hooks).size).toBe(1)
})

it('puts its hook on top of what somebody else has put on a socket meanwhile', async () => {
  const theirs: boolean[] = []
  let requests = 0
  await askInTurn((req, res) => {
    const { socket } = req
    const isSecond = ++requests === 2
    if (isSecond) {
      socket.destroy = (error) => {
        theirs.push(res.writableFinished)
        return Socket.prototype.destroy.call(socket, error)
      }
    }
    holdHeaders(res, () => Promise.resolve(undefined))
    res.end('x')
    if (isSecond) socket.destroy()
  }, 2)
  expect(theirs).toEqual([true])
})

it('lets a destroyed socket wait for every response that is held on it', async () => {
  const commits = [deferred(), deferred()]
  const closed: boolean[] = []
  let index = 0
  const listener = (req: IncomingMessage, res: ServerResponse) => {
    holdHeaders(res, () => commits[mine]!.promise)
    const mine = index++
    res.end(`${req.url} `)
    if (mine === 0) return
    expect(req.socket.destroy()).toBe(req.socket)
    void (async () => {
      for (const { promise, answer } of commits.toReversed()) {
        closed.push(req.socket.destroyed)
        answer()
        await promise
      }
    })()
  }
  const text = await serving('http1', listener, async (port) => {
    const socket = connect(port, '127.0.0.1')
    socket.write('GET /one HTTP/1.1\r\nHost: x\r\n\r\nGET /two HTTP/1.1\r\nHost: x\r\n\r\n')
    let received = ''
    for await (const chunk of socket) received += chunk
    return received
  })
  expect(closed).toEqual([false, false])
  expect(text).toContain('/one ')
})

it('destroys a socket at once when nothing is held on it any more', async () => {
  const destroyed: boolean[] = []
  await askInTurn((req, res) => {
    holdHeaders(res, () => Promise.resolve(undefined))
    res.end('x')
    res.on('finish', () => destroyed.push(req.socket.destroy().destroyed))
  }, 1)
  expect(destroyed).toEqual([true])
})

it('puts the same methods on every response, and none of its own', async () => {
  const methods: unknown[][] = []
  await askInTurn((_req, res) => {
    holdHeaders(res, () => undefined)
    methods.push([res.writeHead, res.write, res.end, res.flushHeaders])
    res.end('x')
  }, 2)
  const [first, second] = methods
  for (const [index, method] of first!.entries()) expect(second![index]).toBe(method)
})

it.each([
  ['a response that waits', () => Promise.resolve({ vary: true, setCookie: undefined })],
  ['one that nobody asked the session of', () => undefined],
])('leaves %s and its socket as fast to use as they were', async (_which, commit) => {
  setFlagsFromString('--allow-natives-syntax')
  const isFast = new Function('object', 'return %HasFastProperties(object)') as (
    object: object,
  ) => boolean
  const seen: boolean[] = []
  await askInTurn((req, res) => {
    seen.push(isFast(res), isFast(req.socket))
    holdHeaders(res, commit)
    res.on('finish', () => seen.push(isFast(res), isFast(req.socket)))
    res.end('x')
  }, 3)
  expect(seen).toEqual(Array(12).fill(true))
})

it('holds a response whose socket cannot be changed, as the one that workerd makes up', async () => {
  const seen: boolean[] = []
  await askInTurn((req, res) => {
    const real = req.socket
    const socket = Object.freeze({ writable: true, destroy: () => {} })
    Object.defineProperty(req, 'socket', { value: socket })
    const { promise, answer } = deferred()
    holdHeaders(res, () => promise)
    try {
      res.end('x')
    } catch {
      real.destroy()
    }
    seen.push(res.headersSent, res.writableFinished)
    answer()
  }, 2)
  expect(seen).toEqual([true, false, true, false])
})
