/** Delays a Node response until the session is committed, so that Set-Cookie can be added. */

import type { ServerResponse } from 'node:http'
import type { Maybe } from '../../base/ports.ts'
import type { Outgoing } from '../../http/headers.ts'
import { isAnswerable, isGuardRefusal, refusalOf } from '../../session/explain/refusal.ts'
import type { Refuser } from '../../session/guards.ts'
import { checkChunk } from './gate-checks.ts'
import { adoptHead, checkHead, setsOneByOne } from './gate-head.ts'
import { callbackOf, HeldCalls, type Methods, type Verb } from './held-calls.ts'
import {
  addHeaders,
  headersOf,
  type HeadersThen,
  prepareRefusal,
  restoreHeaders,
  sendRefusal,
} from './session-headers.ts'
import { fillIn, isStandIn } from './stand-in.ts'

type Commit = () => Maybe<Outgoing | undefined>

/**
 * Commits when the headers are about to be sent: at the first call of `writeHead`, `write`, `end`
 * or `flushHeaders`, also by `pipe` or Express' `send`.
 *
 * A synchronous commit delays nothing. Otherwise the calls wait in order, and meanwhile the
 * response looks as if its headers had been sent: `headersSent` is true, header setters and a
 * second `writeHead` throw as Node does. If the commit fails, the waiting calls are dropped, and a
 * fixed error response is sent through the methods from before the gate, or `failed` is called: see
 * `mountNode`.
 */
export function holdHeaders(
  res: ServerResponse,
  commit: Commit,
  failed?: (error: unknown) => void,
): Refuser | undefined {
  if (isStandIn(res)) fillIn(res)
  if (res.headersSent) {
    // Headers can no longer be added. The commit still freezes the session, so that changes throw.
    void (async () => commit())().catch(() => {})
    return undefined
  }
  const gate = new Gate(res, commit, failed)
  const gated = res as Gated
  // The gate of a second `sessions` object wraps the first one, with methods of its own.
  const isSecond = gated[GATE] !== undefined
  if (!isSecond) gated[GATE] = gate
  cover(res, isSecond ? methodsOf(() => gate) : SHARED)
  return gate
}

const GATE = Symbol('sojourn.gate')
type Gated = ServerResponse & { [GATE]?: Gate }
type GatedMethods = Methods & { writeHeader: Methods['writeHead'] }

function methodsOf(gateOf: (res: Gated) => Gate): GatedMethods {
  function writeHead(this: Gated, ...args: unknown[]): unknown {
    return gateOf(this).pass('writeHead', args)
  }
  return {
    writeHead,
    // Node's deprecated alias.
    writeHeader: writeHead,
    write(this: Gated, ...args) {
      return gateOf(this).pass('write', args)
    },
    end(this: Gated, ...args) {
      return gateOf(this).pass('end', args)
    },
    flushHeaders(this: Gated) {
      return gateOf(this).flushHeaders()
    },
  }
}

/** Shared by all responses: closures for each response would cost more than all else here. */
const SHARED = methodsOf((res) => res[GATE]!)

function cover(res: ServerResponse, gated: GatedMethods): void {
  const methods = res as unknown as Partial<GatedMethods>
  methods.writeHead = gated.writeHead
  if (methods.writeHeader !== undefined) methods.writeHeader = gated.writeHeader
  methods.write = gated.write
  methods.end = gated.end
  methods.flushHeaders = gated.flushHeaders
}

/** The gate of one response. State that is needed only while calls wait is in `HeldCalls`. */
class Gate implements Refuser {
  readonly #res: ServerResponse
  readonly #commit: Commit
  readonly #failed: ((error: unknown) => void) | undefined
  /** The response's methods from before the gate. */
  #before: Methods
  #hasBegun = false
  #held: HeldCalls | undefined
  /** The headers when the first guard was asked. */
  #headersThen: HeadersThen | undefined

  constructor(res: ServerResponse, commit: Commit, failed?: (error: unknown) => void) {
    this.#res = res
    this.#commit = commit
    this.#failed = failed
    const { writeHead, write, end, flushHeaders } = res as unknown as Methods
    this.#before = { writeHead, write, end, flushHeaders }
  }

  /** Makes a call of the response: immediately, or after the commit. */
  pass(verb: Verb, args: unknown[]): unknown {
    if (!this.#hasBegun) {
      const begun = this.#begin(verb, args)
      if (begun === undefined) return this.#res
      args = begun
    }
    if (this.#held !== undefined) return this.#held.wait(verb, args)
    return this.#before[verb].apply(this.#res, args)
  }

  flushHeaders(): unknown {
    // As Node does: calls a `writeHead` that was wrapped after the gate now, before any `write`.
    if (!this.#hasBegun) this.#res.writeHead(this.#res.statusCode)
    return this.pass('flushHeaders', [])
  }

  /**
   * Starts the commit. Returns the arguments for the call that started it, or nothing if the app's
   * error handler was called instead.
   */
  #begin(verb: Verb, args: unknown[]): unknown[] | undefined {
    const res = this.#res
    // Makes Node's own checks now: after the commit the caller could not catch their errors.
    checkChunk(verb, args)
    checkHead(res, verb === 'writeHead' ? args : [res.statusCode])
    const adoptsFirst = verb !== 'writeHead' || setsOneByOne(res)
    if (verb === 'writeHead' && adoptsFirst) args = adoptHead(res, args)
    this.#hasBegun = true
    let committing
    try {
      committing = this.#commit()
    } catch (error) {
      if (!this.#isForApp(verb, error)) {
        this.#refuse(error)
        return args
      }
      const callback = callbackOf(args)
      if (callback) res.once('finish', callback)
      this.#giveToApp(error)
      return undefined
    }
    // The session was not used, so no header is added.
    if (committing === undefined) return args
    if (!adoptsFirst) args = adoptHead(res, args)
    if (committing instanceof Promise) this.#hold(verb, committing)
    else addHeaders(res, committing)
    return args
  }

  #hold(verb: Verb, committing: Promise<Outgoing | undefined>): void {
    const held = new HeldCalls(this.#res, this.#before)
    this.#held = held
    committing.then(
      (outgoing) => {
        this.#held = undefined
        held.replay(outgoing)
      },
      (error: unknown) => {
        this.#held = undefined
        held.drop(error, () => {
          if (this.#isForApp(verb, error)) this.#giveToApp(error)
          else this.#refuse(error)
        })
      },
    )
  }

  asked(): void {
    if (!this.#hasBegun) this.#headersThen ??= headersOf(this.#res)
  }

  /**
   * Whether the app's error handler can send the response: only if the whole page came in one call of
   * `end`, and no later middleware has wrapped `write` or `end`, which then assumes a begun response.
   */
  #isForApp(verb: Verb, error: unknown): boolean {
    const { end, write } = this.#res as unknown as Methods
    const isWrapped = end !== SHARED.end || write !== SHARED.write
    return this.#failed !== undefined && verb === 'end' && !isWrapped && !isGuardRefusal(error)
  }

  #giveToApp(error: unknown): void {
    this.#dropHeaders(error)
    prepareRefusal(this.#res, refusalOf(error))
    // The Content-Type is that of the fixed response. The app's error page sets its own.
    this.#res.removeHeader('content-type')
    this.#failed!(error)
  }

  /**
   * Sends an error response at once, whatever the app does later. If another response is being sent
   * already, ends the connection.
   */
  refuse(error: unknown): void {
    const res = this.#res
    if (this.#hasBegun || res.headersSent) {
      if (!res.writableEnded) res.destroy()
      return
    }
    this.#hasBegun = true
    try {
      this.#refuse(error)
      // The app does not know of this response: its calls must not throw where nothing catches.
      for (const verb of ['setHeader', 'setHeaders', 'appendHeader', 'removeHeader']) {
        Object.defineProperty(res, verb, { value: () => res, configurable: true, writable: true })
      }
    } catch {
      res.destroy()
    }
  }

  /** Removes the headers that the app has set for the page, if a guard refused the request. */
  #dropHeaders(error: unknown): void {
    if (this.#headersThen && isAnswerable(error)) restoreHeaders(this.#res, this.#headersThen)
  }

  /** Sends the error response. Later writes of the app are ignored. */
  #refuse(error: unknown): void {
    this.#dropHeaders(error)
    sendRefusal(this.#res, refusalOf(error), this.#before)
    const answering = (answer: unknown, ...told: unknown[]) => {
      return (...args: unknown[]) => {
        const callback = callbackOf(args)
        if (callback) process.nextTick(callback, ...told)
        return answer
      }
    }
    const answered = answering(this.#res)
    const write = answering(true, error)
    this.#before = { writeHead: answered, write, end: answered, flushHeaders: answered }
  }
}
