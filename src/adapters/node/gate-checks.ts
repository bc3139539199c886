/** Argument checks for `write` and `end`, and the errors that Node throws for invalid calls. */

import type { ServerResponse } from 'node:http'
import { isBytes } from '../../base/realm.ts'

/** Whether this is a response of `node:http2`'s compatibility API. */
export function isHttp2(res: ServerResponse): boolean {
  return !Object.hasOwn(res, '_header') && 'createPushResponse' in res
}

/** Adds a `code` to an error, as Node's own errors have. */
export function coded<Thrown extends Error>(error: Thrown, code: string): Thrown {
  return Object.assign(error, { code })
}

/** The error that Node throws when headers are changed after they were sent. */
export function headersSent(res: ServerResponse): Error {
  return coded(
    new Error('Cannot change or write headers after they are sent to the client'),
    isHttp2(res) ? 'ERR_HTTP2_HEADERS_SENT' : 'ERR_HTTP_HEADERS_SENT',
  )
}

/** Throws the error that Node throws for an invalid chunk of `write` or `end`. */
export function checkChunk(verb: string, [chunk, encoding]: readonly unknown[]): void {
  if (verb !== 'write' && verb !== 'end') return
  if (verb === 'end' && (!chunk || typeof chunk === 'function')) return
  if (chunk === null) {
    throw coded(new TypeError('May not write null values to stream'), 'ERR_STREAM_NULL_VALUES')
  }
  if (typeof chunk !== 'string' && !isBytes(chunk)) {
    const message = 'The "chunk" argument must be of type string or an instance of Uint8Array'
    throw coded(new TypeError(message), 'ERR_INVALID_ARG_TYPE')
  }
  if (typeof chunk === 'string' && typeof encoding === 'string' && !Buffer.isEncoding(encoding)) {
    throw coded(new TypeError(`Unknown encoding: ${encoding}`), 'ERR_UNKNOWN_ENCODING')
  }
}
