/** Holds a Node response's first byte until commit has answered. */

import type { ServerResponse } from 'node:http'
import type { Maybe } from '../../base/ports.ts'
import type { Outgoing } from '../../http/headers.ts'
import {
  addHeaders,
  adoptHead,
  checkHead,
  coded,
  forgetBody,
  headersSent,
  isHttp2,
  setsOneByOne,
} from './gate-head.ts'
import { type Mask, maskAsSent } from './gate-mask.ts'
import { refusalOf } from '../../session/explain/refusal.ts'

type Verb = 'writeHead' | 'write' | 'end' | 'flushHeaders'
type Call = (...args: unknown[]) => unknown
type Waiting = { verb: Verb; args: unknown[] } | { destroy: () => void; isLater: boolean }

/**
 * Commits when the headers are about to leave: `writeHead`, `write`, `end` or `flushHeaders`,
 * whichever comes first, called by anybody (`pipe` and `send` end up in one of them).
 *
 * A commit that answers at once holds nothing. Otherwise the calls wait in order, and meanwhile
 * the response looks as if its headers had been sent: `headersSent` is true, header setters and a
 * second `writeHead` throw as Node does. If the commit fails the waiting calls are dropped, and a
 * fixed error leaves through the methods that were there before us.
 */
export function holdHeaders(res: ServerResponse, commit: () => Maybe<Outgoing | undefined>): void {
  if (res.headersSent) {
    // Nothing can be added any more; but the session learns that it is too late to write.
    void (async () => commit())().catch(() => {})
    return
  }
  const { writeHead, write, end, flushHeaders } = res
  const saved = { writeHead, write, end, flushHeaders } as Record<Verb, Call>
  let phase: 'open' | 'held' | 'released' = 'open'
  let waiting: Waiting[] = []
  let bytes = 0
  let ended = false
  let needsDrain = false
  /** Whether what was written last would be on its way by now: Node waits for the next tick. */
  let hasLeft = true
  let mask: Mask | undefined

  /** Goes on with a call: at once, or when the commit has answered. */
  function pass(verb: Verb, args: unknown[]): unknown {
    if (phase === 'open') args = begin(verb, args)
    return phase === 'held' ? wait(verb, args) : call(verb, args)
  }

  function call(verb: Verb, args: unknown[]): unknown {
    return saved[verb].apply(res, args)
  }

  /** Starts the commit. Returns the arguments with which the call goes on. */
  function begin(verb: Verb, args: unknown[]): unknown[] {
    // Node's own checks, now: afterwards a mistake would have nobody to be thrown at.
    checkChunk(verb, args)
    checkHead(res, verb === 'writeHead' ? args : [res.statusCode])
    const adopted = verb !== 'writeHead' || setsOneByOne(res)
    if (verb === 'writeHead' && adopted) args = adoptHead(res, args)
    let committing
    try {
      committing = commit()
    } catch (error) {
      release()
      refuse(error)
      return args
    }
    if (committing === undefined) {
      release()
      return args
    }
    if (!adopted) args = adoptHead(res, args)
    if (committing instanceof Promise) hold(committing)
    else {
      release()
      addHeaders(res, committing)
    }
    return args
  }

  function hold(committing: Promise<Outgoing | undefined>): void {
    phase = 'held'
    const head = statusOf(res)
    mask = maskAsSent(res, {
      isHeld: () => phase === 'held',
      destroyLater: (destroy) => waiting.push({ destroy, isLater: hasLeft }),
    })
    committing.then(
      (outgoing) => {
        release()
        // A status set after the headers had "left" is the app's to read, not the client's.
        const late = statusOf(res)
        Object.assign(res, head)
        orDestroy(() => {
          addHeaders(res, outgoing)
          replay()
          if (late.statusCode !== head.statusCode) Object.assign(res, late)
        })
      },
      (error: unknown) => {
        release()
        orDestroy(() => refuse(error))
      },
    )
  }

  function release(): void {
    phase = 'released'
    mask?.takeOff()
    mask = undefined
  }

  /** Nobody is left to catch what a waiting call throws after all: the connection ends. */
  function orDestroy(action: () => void): void {
    try {
      action()
    } catch (error) {
      res.destroy(isHttp2(res) ? undefined : (error as Error))
    }
  }

  function wait(verb: Verb, args: unknown[]): unknown {
    if (verb === 'writeHead' && waiting.length > 0) throw headersSent(res)
    checkChunk(verb, args)
    waiting.push({ verb, args })
    if (verb === 'end') {
      ended = true
      mask?.showEnd()
    }
    if (verb !== 'write') return res
    if (ended || res.destroyed) return false
    hasLeft = false
    process.nextTick(() => (hasLeft = true))
    bytes += Buffer.byteLength(args[0] as string | Uint8Array)
    needsDrain ||= bytes >= res.writableHighWaterMark
    if (needsDrain) mask?.showFull()
    return !needsDrain
  }

  function replay(): void {
    let hasRoom = true
    for (let item = waiting.shift(); item; item = waiting.shift()) {
      if (!('destroy' in item)) {
        if (call(item.verb, item.args) === false) hasRoom = false
      } else if (item.isLater) {
        const { destroy } = item
        process.nextTick(() => orDestroy(() => (destroy(), replay())))
        return
      } else item.destroy()
    }
    if (needsDrain && hasRoom && !ended && !res.destroyed) res.emit('drain')
  }

  /** Answers for the app, through the methods that were there before us. */
  function refuse(error: unknown): void {
    for (const item of waiting) {
      if ('destroy' in item) continue
      const callback = callbackOf(item.args)
      if (callback && item.verb === 'write') process.nextTick(callback, error)
      else if (callback) res.once('finish', callback)
    }
    waiting = []
    forgetBody(res)
    const { status, headers, setCookie, body } = refusalOf(error)
    for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
    if (setCookie !== undefined) addHeaders(res, { vary: true, setCookie })
    res.setHeader('content-length', Buffer.byteLength(body))
    // Explicitly: an implicit head would pass through what was mounted after us.
    call('writeHead', [status])
    call('end', [body])
    swallow(error)
    if (needsDrain) res.emit('drain')
  }

  /** What the app still writes belongs to the response that was not sent. */
  function swallow(error: unknown): void {
    const answering = (answer: unknown, ...told: unknown[]) => {
      return (...args: unknown[]) => {
        const callback = callbackOf(args)
        if (callback) process.nextTick(callback, ...told)
        return answer
      }
    }
    saved.writeHead = saved.end = saved.flushHeaders = answering(res)
    saved.write = answering(true, error)
  }

  res.writeHead = (...args: unknown[]) => pass('writeHead', args) as typeof res
  // Node's old name for the same.
  if ('writeHeader' in res) res.writeHeader = (...args: unknown[]) => pass('writeHead', args)
  res.write = (...args: unknown[]) => pass('write', args) as boolean
  res.end = (...args: unknown[]) => pass('end', args) as typeof res
  res.flushHeaders = () => {
    // As Node does it: what was mounted after us hears of the head now, not after what is written.
    if (phase === 'open') res.writeHead(res.statusCode)
    pass('flushHeaders', [])
  }
}

/** Throws what Node throws for a chunk it cannot send. */
function checkChunk(verb: Verb, [chunk, encoding]: readonly unknown[]): void {
  if (verb !== 'write' && verb !== 'end') return
  if (verb === 'end' && (!chunk || typeof chunk === 'function')) return
  if (chunk === null) {
    throw coded(new TypeError('May not write null values to stream'), 'ERR_STREAM_NULL_VALUES')
  }
  if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) {
    const message = 'The "chunk" argument must be of type string or an instance of Uint8Array'
    throw coded(new TypeError(message), 'ERR_INVALID_ARG_TYPE')
  }
  if (typeof chunk === 'string' && typeof encoding === 'string' && !Buffer.isEncoding(encoding)) {
    throw coded(new TypeError(`Unknown encoding: ${encoding}`), 'ERR_UNKNOWN_ENCODING')
  }
}

function callbackOf(args: readonly unknown[]): (() => void) | undefined {
  return args.findLast((arg) => typeof arg === 'function') as (() => void) | undefined
}

function statusOf(res: ServerResponse): { statusCode: number; statusMessage?: string } {
  const { statusCode } = res
  // Reading the message of an HTTP/2 response prints a warning.
  return isHttp2(res) ? { statusCode } : { statusCode, statusMessage: res.statusMessage }
}
