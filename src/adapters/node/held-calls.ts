/** Queues calls on a response (`write`, `end`, ...) until the commit, and returns what Node would. */

import type { ServerResponse } from 'node:http'
import type { Outgoing } from '../../http/headers.ts'
import { checkChunk, headersSent, isHttp2 } from './gate-checks.ts'
import { type Mask, maskAsSent } from './gate-mask.ts'
import { addHeaders } from './session-headers.ts'
import { isStandIn } from './stand-in.ts'

/** The methods of a response that send its headers. */
export type Verb = 'writeHead' | 'write' | 'end' | 'flushHeaders'
export type Methods = Record<Verb, (...args: unknown[]) => unknown>

type Waiting = { verb: Verb; args: unknown[] } | { destroy: () => void; isLater: boolean }

/** The queue of one response. Until the replay the response looks as if its headers were sent. */
export class HeldCalls {
  readonly #res: ServerResponse
  readonly #before: Methods
  readonly #mask: Mask
  readonly #head: Partial<Head>
  #waiting: Waiting[] = []
  #bytes = 0
  #hasEnded = false
  #needsDrain = false
  /** Whether Node would have sent the last write already: it sends it in the next tick. */
  #hasLeft = true

  constructor(res: ServerResponse, before: Methods) {
    this.#res = res
    this.#before = before
    this.#head = headOf(res)
    this.#mask = maskAsSent(res, (destroy) => {
      this.#waiting.push({ destroy, isLater: this.#hasLeft })
    })
  }

  /** Queues a call, and returns what Node would return. */
  wait(verb: Verb, args: unknown[]): unknown {
    const res = this.#res
    if (verb === 'writeHead' && this.#waiting.length > 0) throw headersSent(res)
    checkChunk(verb, args)
    this.#waiting.push({ verb, args })
    if (verb === 'end') {
      this.#hasEnded = true
      this.#mask.showEnd()
    }
    if (verb !== 'write') return res
    if (this.#hasEnded || res.destroyed) return false
    this.#hasLeft = false
    process.nextTick(() => (this.#hasLeft = true))
    this.#bytes += Buffer.byteLength(args[0] as string | Uint8Array)
    this.#needsDrain ||= this.#bytes >= res.writableHighWaterMark
    if (this.#needsDrain) this.#mask.showFull()
    return !this.#needsDrain
  }

  /** Adds the session's headers, and makes the queued calls. */
  replay(outgoing: Outgoing | undefined): void {
    const res = this.#res
    this.#mask.takeOff()
    // A status that the app sets while it waits is visible to the app, but not sent.
    const late = headOf(res)
    Object.assign(res, this.#head)
    this.#orDestroy(() => {
      if (outgoing !== undefined) addHeaders(res, outgoing)
      this.#makeCalls()
      if (late.statusCode !== this.#head.statusCode) Object.assign(res, late)
    })
  }

  #makeCalls(): void {
    let hasRoom = true
    for (let item = this.#waiting.shift(); item; item = this.#waiting.shift()) {
      if (!('destroy' in item)) {
        if (this.#before[item.verb].apply(this.#res, item.args) === false) hasRoom = false
      } else if (item.isLater) {
        const { destroy } = item
        process.nextTick(() => this.#orDestroy(() => (destroy(), this.#makeCalls())))
        return
      } else item.destroy()
    }
    const goesOn = hasRoom && !this.#hasEnded && !this.#res.destroyed
    if (this.#needsDrain && goesOn) this.#res.emit('drain')
  }

  /** Drops the queued calls, sends another response with `answer`, and calls their callbacks. */
  drop(error: unknown, answer: () => void): void {
    this.#mask.takeOff()
    this.#orDestroy(() => {
      for (const item of this.#waiting) {
        const callback = 'args' in item ? callbackOf(item.args) : undefined
        if (!callback || !('verb' in item)) continue
        if (item.verb === 'write') process.nextTick(callback, error)
        else this.#res.once('finish', callback)
      }
      this.#waiting = []
      answer()
      if (this.#needsDrain) this.#res.emit('drain')
    })
  }

  /** Destroys the response if a queued call throws: its caller cannot catch the error any more. */
  #orDestroy(action: () => void): void {
    try {
      action()
    } catch (error) {
      this.#res.destroy(isHttp2(this.#res) ? undefined : (error as Error))
    }
  }
}

/** The callback among the arguments of a `write` or `end`. */
export function callbackOf(args: readonly unknown[]): (() => void) | undefined {
  return args.findLast((arg) => typeof arg === 'function') as (() => void) | undefined
}

interface Head {
  statusCode: number
  statusMessage?: string
}

function headOf(res: ServerResponse): Partial<Head> {
  // A stand-in may send these properties as they are.
  if (isStandIn(res)) return {}
  const { statusCode } = res
  // Reading the message of an HTTP/2 response prints a warning.
  return isHttp2(res) ? { statusCode } : { statusCode, statusMessage: res.statusMessage }
}
