/** Guards: if `signedIn` or `checkCsrf` refuses and nothing handles the error, no page is sent. */

import type { Opened } from '../backends/backend.ts'
import { codeOf, SessionError } from '../base/errors.ts'
import type { Maybe } from '../base/ports.ts'
import type { Host } from './state.ts'
import { watchRejections } from './unhandled.ts'

/** The calls that refuse a request; `get` does if the store is unavailable. */
export type GuardName = 'signedIn' | 'checkCsrf' | 'get'

/** Sends the response of a refusal, for an adapter. */
export interface Refuser {
  /**
   * Called before a guard runs. Headers that the app sets later are not sent with its refusal.
   *
   * May return a function, which is called when the guard is awaited or has passed. That is for a
   * WebSocket, which has no response: `finish` does not decide such a guard.
   */
  asked?(): (() => void) | void
  /**
   * Set for a WebSocket, where no framework handles the error of an awaited guard: then it is normal
   * that the app does not either, and it is not reported.
   */
  readonly isUsual?: true
  /** Sends the response for the error of a guard. */
  refuse(error: unknown): void
}

/** A refusal that the app did not handle. */
export interface Unheeded {
  readonly guard: GuardName
  readonly error: unknown
  /** Whether the app awaited the promise, but the resulting rejection was not handled. */
  readonly wasAwaited: boolean
}

/** The guards of one request that have not passed. */
export interface Guards {
  /** Runs a guard. Its rejection never ends the process. `awaited` is called when it is awaited. */
  run<Value>(guard: GuardName, check: Promise<Value>, awaited?: () => void): Promise<Value>
  /** Adds the error of a session that could not be opened. If nothing handles it, no page is sent. */
  notOpened(error: unknown): void
  /**
   * The refusal because of which the response must not be sent, if there is one. Waits for guards
   * that are still running, since the response was written without their result.
   */
  unheeded(): Maybe<Unheeded | undefined>
  /** Stops watching, once it is decided which response is sent. */
  close(): void
}

/**
 * Makes the guards of one request.
 *
 * @param refuse called for a refusal that was awaited but not handled, as in Express 4: perhaps
 * nothing else sends a response.
 */
export function createGuards(refuse: (unheeded: Unheeded) => void): Guards {
  return new RequestGuards(refuse)
}

/** A guard that was called. `stop` is set once it has refused. */
interface Guard extends Unheeded {
  /** Fulfilled when the check is done. */
  settled: Promise<void>
  error: unknown
  /** Set when `then` is called, which `await` does. */
  wasAwaited: boolean
  /** Stops watching for an unhandled rejection. */
  stop: (() => void) | undefined
  isUnhandled: boolean
}

class RequestGuards implements Guards {
  readonly #refuse: (unheeded: Unheeded) => void
  #guards: Guard[] = []

  constructor(refuse: (unheeded: Unheeded) => void) {
    this.#refuse = refuse
  }

  run<Value>(name: GuardName, check: Promise<Value>, awaited?: () => void): Promise<Value> {
    const guard = this.#add(name)
    guard.settled = check.then(
      () => void this.#guards.splice(this.#guards.indexOf(guard), 1),
      (error: unknown) => this.#refused(guard, error),
    )
    return AskedPromise.of(check, () => {
      guard.wasAwaited = true
      awaited?.()
    })
  }

  notOpened(error: unknown): void {
    const guard = this.#add('get')
    guard.wasAwaited = true
    this.#refused(guard, error)
  }

  #add(name: GuardName): Guard {
    const guard: Guard = {
      guard: name,
      settled: Promise.resolve(),
      error: undefined,
      wasAwaited: false,
      stop: undefined,
      isUnhandled: false,
    }
    this.#guards.push(guard)
    return guard
  }

  #refused(guard: Guard, error: unknown): void {
    guard.error = error
    guard.stop = watchRejections(error, () => {
      guard.isUnhandled = true
      this.#refuse(guard)
    })
  }

  unheeded(): Maybe<Unheeded | undefined> {
    return this.#guards.length === 0 ? undefined : this.#decide([...this.#guards])
  }

  async #decide(guards: readonly Guard[]): Promise<Unheeded | undefined> {
    // `await` calls `then` one microtask later: after this, all awaits before the response have
    // done so.
    await undefined
    // An app that awaits a guard only later has already responded.
    const ignored = guards.filter(({ wasAwaited }) => !wasAwaited)
    await Promise.all(guards.map(({ settled }) => settled))
    const first = ignored.find(hasRefused)
    if (first || !guards.some(hasRefused)) return first
    await nextTurn()
    return guards.find(({ isUnhandled }) => isUnhandled)
  }

  close(): void {
    for (const { stop } of this.#guards) stop?.()
    this.#guards = []
  }
}

function hasRefused({ stop }: Guard): boolean {
  return stop !== undefined
}

/** Reports a refusal that the app did not handle: an event, and a development warning. */
export function reportUnheeded(
  { emit, development }: Host,
  { guard, error, wasAwaited }: Unheeded,
  opened: Opened | undefined,
): void {
  const status = error instanceof SessionError ? error.status : 500
  emit({ type: 'guard-unheeded', guard, code: codeOf(error) }, opened)
  development?.unheeded(guard, status, wasAwaited)
}

/** Waits until the runtime has reported the unhandled rejections of this turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve)
    else setTimeout(resolve, 0)
  })
}

/**
 * A promise that notices when it is awaited.
 *
 * `await` calls the `then` of a subclass, and not that of a plain promise.
 */
class AskedPromise<Value> extends Promise<Value> {
  #asked: (() => void) | undefined

  static of<Value>(source: Promise<Value>, asked: () => void): AskedPromise<Value> {
    const promise = new AskedPromise<Value>((resolve, reject) => void source.then(resolve, reject))
    // Marks the rejection as handled: the guards take care of a refusal that nothing handles.
    Promise.prototype.then.call(promise, undefined, () => {})
    promise.#asked = asked
    return promise
  }

  // Derived promises are plain ones, so that the runtime reports their unhandled rejections.
  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }

  // oxlint-disable-next-line unicorn/no-thenable -- `await` calls it: so a guard learns that its refusal is awaited
  override then<A = Value, B = never>(
    ...handlers: Parameters<Promise<Value>['then']>
  ): Promise<A | B> {
    this.#asked?.()
    return super.then(...handlers) as Promise<A | B>
  }
}
