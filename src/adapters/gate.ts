/** Holds a Node response's first byte until commit has answered. */

import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { Maybe } from '../base/ports.ts'
import {
  type Outgoing,
  privateCacheControl,
  varyWithCookie,
  withSetCookie,
} from '../http/headers.ts'
import { REFUSAL_BODY, REFUSAL_HEADERS, refusalStatus } from './refusal.ts'

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
  const saved = {
    writeHead: res.writeHead,
    write: res.write,
    end: res.end,
    flushHeaders: res.flushHeaders,
  }
  type Verb = keyof typeof saved
  let phase: 'open' | 'held' | 'released' = 'open'
  let waiting: Waiting[] = []
  let bytes = 0
  let needsDrain = false
  let unmask = () => {}

  /** Goes on with a call: at once, or when the commit has answered. */
  function pass(verb: Verb, args: unknown[]): unknown {
    if (phase === 'released') return call(verb, args)
    if (phase === 'open') begin(verb, args)
    // A nested call may have released the response, or a commit at once has.
    if (released()) return call(verb, args)
    return wait(verb, args)
  }

  const released = () => phase === 'released'

  function call(verb: Verb, args: unknown[]): unknown {
    return (saved[verb] as (...args: unknown[]) => unknown).apply(res, args)
  }

  function begin(verb: Verb, args: unknown[]): void {
    // Node's own checks, now: afterwards a mistake would have nobody to be thrown at.
    if (verb === 'writeHead') adoptHead(res, args)
    else if (verb !== 'flushHeaders') checkChunk(res, verb, args[0])
    let committing
    try {
      committing = commit()
    } catch (error) {
      release()
      refuse(error)
      return
    }
    if (!(committing instanceof Promise)) {
      release()
      addHeaders(res, committing)
      return
    }
    phase = 'held'
    const { statusCode, statusMessage } = res
    unmask = maskAsSent(res, (destroyed) => waiting.push({ destroyed }))
    committing.then(
      (outgoing) => {
        release()
        // What was set after the headers had "left" must not change them.
        Object.assign(res, { statusCode, statusMessage })
        if (res.destroyed) return dropAll(DESTROYED())
        addHeaders(res, outgoing)
        replayAll()
      },
      (error: unknown) => {
        release()
        if (res.destroyed) dropAll(DESTROYED())
        else refuse(error)
      },
    )
  }

  function release(): void {
    phase = 'released'
    unmask()
  }

  function wait(verb: Verb, args: unknown[]): unknown {
    if (verb === 'writeHead' && waiting.length > 0) throw headersSent(res, 'write')
    if (verb === 'write' || verb === 'end') checkChunk(res, verb, args[0])
    // flushHeaders after the headers does nothing.
    if (verb !== 'flushHeaders' || waiting.length === 0) waiting.push({ verb, args })
    if (verb !== 'write') return verb === 'flushHeaders' ? undefined : res
    bytes += sizeOf(args[0])
    const hasRoom = bytes < res.writableHighWaterMark
    if (!hasRoom) needsDrain = true
    return hasRoom
  }

  function replayAll(): void {
    const calls = waiting
    waiting = []
    let lastWrite: unknown = true
    for (const item of calls) {
      if ('destroyed' in item) item.destroyed()
      else {
        const answer = call(item.verb, item.args)
        if (item.verb === 'write') lastWrite = answer
      }
    }
    if (needsDrain && lastWrite !== false && !res.writableEnded) res.emit('drain')
  }

  /** Answers for the app, through the methods that were there before us. */
  function refuse(error: unknown): void {
    dropAll(error)
    for (const name of res.getHeaderNames()) if (DESCRIBES_BODY.test(name)) res.removeHeader(name)
    for (const [name, value] of Object.entries(REFUSAL_HEADERS)) res.setHeader(name, value)
    res.setHeader('content-length', Buffer.byteLength(REFUSAL_BODY))
    res.statusCode = refusalStatus(error)
    res.statusMessage = ''
    call('end', [REFUSAL_BODY])
    // What the app still writes belongs to the response that was not sent.
    saved.writeHead = () => res
    saved.write = saved.end = (() => true) as never
    saved.flushHeaders = () => {}
  }

  function dropAll(error: unknown): void {
    for (const item of waiting) {
      if ('destroyed' in item) continue
      const callback = item.args.findLast((arg) => typeof arg === 'function')
      if (item.verb === 'write' && callback) process.nextTick(callback as () => void, error)
    }
    waiting = []
  }

  res.writeHead = (...args: unknown[]) => pass('writeHead', args) as typeof res
  res.write = (...args: unknown[]) => pass('write', args) as boolean
  res.end = (...args: unknown[]) => pass('end', args) as typeof res
  res.flushHeaders = () => void pass('flushHeaders', [])
}
