/**
 * Counts what a session adds to one request on `node:http`; run by per-request.test.ts with V8's
 * compilers off, so that the same code allocates the same bytes each time, however busy the machine.
 *
 * Prints JSON: for each case what a request has with sessions, less what it has without.
 */

import { createHook } from 'node:async_hooks'
import { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

/** What one request adds. */
export interface Counts {
  /** Bytes on JavaScript's heap. */
  bytes: number
  promises: number
  timers: number
  /** Entries of WeakMaps and WeakSets: each costs a microsecond of garbage collection. */
  weakEntries: number
  /** Calls that read or write the headers of the response. */
  headerCalls: number
  /** Set-Cookie lines of the response. */
  setCookies: number
}

/** A listener, and a Cookie header that its sessions accept. */
export interface Case {
  listener: (req: IncomingMessage, res: ServerResponse) => void
  cookie: string
}

const HEADER_METHODS = [
  'setHeader',
  'appendHeader',
  'getHeader',
  'getHeaders',
  'getHeaderNames',
  'hasHeader',
  'removeHeader',
  'setHeaders',
] as const

let headerCalls = 0
let weakEntries = 0
countCalls(ServerResponse.prototype, HEADER_METHODS, () => (headerCalls += 1))
countCalls(WeakMap.prototype, ['set'], () => (weakEntries += 1))
countCalls(WeakSet.prototype, ['add'], () => (weakEntries += 1))

const REQUESTS = 400
/** Requests before the first count: caches are filled, and the interpreter has its feedback. */
const WARM_UP = 200

/** Stands for the connection, which would allocate as much as the network pleases. */
const socket = new Duplex({
  read() {},
  write(_chunk, _encoding, written) {
    written()
  },
}) as Socket

// After the counting has been set up: what a module does when it is loaded is not of interest.
const { casesOf, without } = await import('./per-request-cases.ts')
const counted: Record<string, Counts> = {}
const base = await countsOf(without)
for (const [name, one] of Object.entries(await casesOf())) {
  counted[name] = less(await countsOf(one), base)
}
process.stdout.write(JSON.stringify(counted))

async function countsOf(one: Case): Promise<Counts> {
  for (let request = 0; request < WARM_UP; request++) await answered(one)
  // The lowest: work in the background, such as a timer that ends meanwhile, only adds to a batch.
  let bytes = Infinity
  for (let batch = 0; batch < 5; batch++) bytes = Math.min(bytes, await bytesOf(one))
  return { bytes, ...(await callsOf(one)) }
}

/** With a new space that is large enough nothing is collected in between, and the difference is exact. */
async function bytesOf(one: Case): Promise<number> {
  globalThis.gc!()
  const before = process.memoryUsage().heapUsed
  for (let request = 0; request < REQUESTS; request++) await answered(one)
  return (process.memoryUsage().heapUsed - before) / REQUESTS
}

async function callsOf(one: Case): Promise<Omit<Counts, 'bytes'>> {
  const made: Record<string, number> = {}
  const hook = createHook({
    init(_id, type) {
      made[type] = (made[type] ?? 0) + 1
    },
  })
  const [headersBefore, weakBefore] = [headerCalls, weakEntries]
  hook.enable()
  const responses = []
  for (let request = 0; request < 100; request++) responses.push(await answered(one))
  hook.disable()
  const counts = {
    promises: (made['PROMISE'] ?? 0) / 100,
    timers: (made['Timeout'] ?? 0) / 100,
    weakEntries: (weakEntries - weakBefore) / 100,
    headerCalls: (headerCalls - headersBefore) / 100,
  }
  const lines = responses.map((res) => [res.getHeader('set-cookie') ?? []].flat().length)
  return { ...counts, setCookies: lines.reduce((sum, count) => sum + count) / 100 }
}

/** Answers one request. */
function answered({ listener, cookie }: Case): Promise<ServerResponse> {
  const req = new IncomingMessage(socket)
  req.method = 'GET'
  req.url = '/'
  req.headers = { host: 'localhost', cookie }
  const res = new ServerResponse(req)
  res.assignSocket(socket)
  listener(req, res)
  return new Promise((resolve) => {
    // What is awaited for a store takes more than one turn.
    const look = () => {
      if (!res.writableFinished) return setImmediate(look)
      res.detachSocket(socket)
      resolve(res)
    }
    setImmediate(look)
  })
}

function less(one: Counts, other: Counts): Counts {
  const names = Object.keys(one) as (keyof Counts)[]
  const differences = names.map((name) => [name, Math.round(one[name] - other[name])])
  return Object.fromEntries(differences) as Counts
}

function countCalls<Name extends string>(
  target: Record<Name, (...args: any[]) => any>,
  names: readonly Name[],
  called: () => void,
): void {
  for (const name of names) {
    const original = target[name]
    target[name] = function counting(this: unknown, ...args: unknown[]) {
      called()
      return original.apply(this, args)
    }
  }
}
