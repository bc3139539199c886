/** Supports objects that stand in for a response: in tests, and in programs such as Socket.IO. */

import type { ServerResponse } from 'node:http'

/** Whether this is not a response of `node:http` or of `node:http2`'s compatibility API. */
export function isStandIn(res: ServerResponse): boolean {
  return !Object.hasOwn(res, '_header') && !('createPushResponse' in res)
}

type Method = (this: ServerResponse, ...args: any[]) => unknown

/**
 * Adds those methods that the gate calls and the stand-in does not have.
 *
 * If the stand-in cannot store headers, they are stored here, and passed to its `writeHead`.
 */
export function fillIn(res: ServerResponse): void {
  if (typeof res.setHeader !== 'function' || typeof res.getHeader !== 'function') keepHeaders(res)
  for (const [name, method] of Object.entries(MISSING)) {
    if (typeof res[name as keyof ServerResponse] !== 'function') add(res, name, method)
  }
}

const MISSING: Readonly<Record<string, Method>> = {
  getHeaderNames() {
    return Object.keys(this.getHeaders?.() ?? {})
  },
  appendHeader(name: string, value: string) {
    const before = this.getHeader(name)
    this.setHeader(name, before === undefined ? value : [before, value].flat().map(String))
    return this
  },
  removeHeader() {},
  writeHead(status: number) {
    this.statusCode = status
    return this
  },
  write: () => true,
  end() {
    return this
  },
  flushHeaders() {},
  destroy() {
    return this
  },
  emit: () => false,
  once(event: string, listener: () => void) {
    if (event === 'finish') process.nextTick(listener)
    return this
  },
}

function keepHeaders(res: ServerResponse): void {
  const kept = new Map<string, readonly [name: string, value: unknown]>()
  add(res, 'setHeader', function (name: string, value: unknown) {
    kept.set(name.toLowerCase(), [name, value])
    return this
  })
  add(res, 'getHeader', (name: string) => kept.get(name.toLowerCase())?.[1])
  add(res, 'getHeaderNames', () => [...kept.keys()])
  add(res, 'removeHeader', (name: string) => void kept.delete(name.toLowerCase()))
  const methods = res as unknown as { writeHead?: Method; end?: Method }
  const { writeHead, end } = methods
  if (typeof writeHead !== 'function') return
  let isSent = false
  methods.writeHead = function (status: number, ...reason: unknown[]) {
    isSent = true
    return writeHead.call(this, status, ...reason, Object.fromEntries(kept.values()))
  }
  if (typeof end !== 'function') return
  // As in Node, `end` without `writeHead` sends the headers that were set.
  methods.end = function (...args: unknown[]) {
    if (!isSent && kept.size > 0) this.writeHead(this.statusCode || 200)
    return end.apply(this, args)
  }
}

/** Adds a method that is not enumerable, so that the object looks unchanged. */
function add(res: ServerResponse, name: string, value: Method): void {
  Object.defineProperty(res, name, { value, writable: true, configurable: true })
}
