/** The arguments of `writeHead`: checked as Node does, then set on the response. */

import { type ServerResponse, validateHeaderName, validateHeaderValue } from 'node:http'
import { coded, isHttp2 } from './gate-checks.ts'
import { isStandIn } from './stand-in.ts'

/**
 * Throws the errors of `writeHead` before the commit, when the caller can still catch them.
 *
 * Checks headers only if Node validates all of them before it sets any; otherwise see `adoptHead`.
 */
export function checkHead(res: ServerResponse, args: readonly unknown[]): void {
  if (isHttp2(res) || isStandIn(res)) return
  const status = (args[0] as number) | 0
  if (status < 100 || status > 999) {
    const message = `Invalid status code: ${String(args[0])}`
    throw coded(new RangeError(message), 'ERR_HTTP_INVALID_STATUS_CODE')
  }
  const reason = typeof args[1] === 'string' ? args[1] : res.statusMessage
  if (reason && /[^\t\x20-\x7e\x80-\xff]/.test(reason)) {
    throw coded(new TypeError('Invalid character in statusMessage'), 'ERR_INVALID_CHAR')
  }
  const headers = givenHeaders(args)
  if (!headers || hasHeaders(res)) return
  for (const [name, value] of pairs(headers)) {
    validateHeaderName(name)
    validateHeaderValue(name, value as string)
  }
}

/** Whether Node sets the headers one by one: then those before an invalid one remain set. */
export function setsOneByOne(res: ServerResponse): boolean {
  return isHttp2(res) || isStandIn(res) || hasHeaders(res)
}

/**
 * Sets status and headers of `writeHead` on the response, so that the session can add its own.
 *
 * Uses public methods in Node's order, so that an invalid header throws the same error and leaves
 * the same headers set. Returns the remaining arguments for Node's `writeHead`.
 */
export function adoptHead(res: ServerResponse, args: readonly unknown[]): unknown[] {
  const [status, reason] = args
  const headers = givenHeaders(args)
  if (isHttp2(res)) adoptHttp2(res, headers)
  else adoptHttp1(res, headers)
  // Socket.IO calls `writeHead()` of its stand-in without a status.
  if (status === undefined && isStandIn(res)) return []
  res.statusCode = isHttp2(res) ? http2Status(status) : (status as number) | 0
  return typeof reason === 'string' ? [status, reason] : [status]
}

function adoptHttp1(res: ServerResponse, headers: unknown): void {
  if (!Array.isArray(headers)) {
    for (const [name, value] of pairs(headers)) if (name) res.setHeader(name, value as string)
    return
  }
  const wasSet = hasHeaders(res)
  // Node accepts pairs only if no header was set before; else it takes them as names and throws.
  const list = wasSet ? flatPairs(headers) : pairs(headers)
  if (wasSet) for (const [name] of list) res.removeHeader(name)
  for (const [name, value] of list) if (name) res.appendHeader(name, value as string)
}

function adoptHttp2(res: ServerResponse, headers: unknown): void {
  if (!Array.isArray(headers)) {
    for (const [name, value] of pairs(headers)) res.setHeader(name, value as string)
    return
  }
  const names = Array.isArray(headers[0])
    ? headers.map(([name]) => name)
    : headers.filter((_, index) => index % 2 === 0)
  for (const name of names) res.removeHeader(name)
  for (const [name, value] of pairs(headers)) res.appendHeader(name, value as string)
}

function http2Status(status: unknown): number {
  const code = (status as number) | 0 || 200
  if (code >= 200 && code <= 599) return code
  const message = `Invalid status code: ${String(status)}`
  throw coded(new RangeError(message), 'ERR_HTTP2_STATUS_INVALID')
}

function hasHeaders(res: ServerResponse): boolean {
  return res.getHeaderNames().length > 0
}

/** The headers in `writeHead(status, reason?, headers?)`: the reason is optional. */
function givenHeaders([, reason, headers]: readonly unknown[]): unknown {
  return typeof reason === 'string' ? headers : (headers ?? reason)
}

type Pair = [name: string, value: unknown]

function pairs(headers: unknown): Pair[] {
  if (!headers) return []
  if (!Array.isArray(headers)) return Object.entries(headers)
  return Array.isArray(headers[0]) ? (headers as Pair[]) : flatPairs(headers)
}

function flatPairs(headers: readonly unknown[]): Pair[] {
  if (headers.length % 2 !== 0) {
    const message = "The argument 'headers' has a name without a value"
    throw coded(new TypeError(message), 'ERR_INVALID_ARG_VALUE')
  }
  const found: Pair[] = []
  for (let i = 0; i < headers.length; i += 2) found.push([headers[i] as string, headers[i + 1]])
  return found
}
