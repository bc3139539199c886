/** Guards that hold: a refusal of `signedIn` or `checkCsrf` that nobody handles stops the response. */

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
   * Called before a guard is run: headers that the app sets from now on are not sent with its refusal.
   *
   * May return a function, which is called when the guard is awaited or has passed. The guard is then
   * decided by itself, and not by `finish`: for a WebSocket, which has no response.
   */
  asked?(): (() => void) | void
  /**
   * Whether apps leave the refusal of an awaited guard to this: for a WebSocket no framework handles
   * it. Then it is not reported as one that nobody handled.
   */
  readonly isUsual?: true
  /** Sends the response for the error of a guard. */
  refuse(error: unknown): void
}

/** A refusal that the app did not handle. */
export interface Unheeded {
  readonly guard: GuardName
  readonly error: unknown
  /** Whether the promise was awaited, and the rejection of what awaited it was not handled. */
  readonly wasAwaited: boolean
}

/** The guards of one request that have not passed. */
export interface Guards {
  /** Runs a guard. Its rejection never ends the process. `awaited` is called when it is awaited. */
  run<Value>(guard: GuardName, check: Promise<Value>, awaited?: () => void): Promise<Value>
  /** Adds the error of a session that could not be opened. It holds if nobody handles it. */
  notOpened(error: unknown): void
  /**
   * The refusal for which the response must not be sent, if there is one. Waits for guards that are
   * still running: the response was written without knowing their result.
   */
  unheeded(): Maybe<Unheeded | undefined>
  /** Stops watching, once the response has been decided. */
  close(): void
}

/**
 * Makes the guards of one request.
 *
 * @param refuse called for a refusal that was awaited and then not handled by anybody, as on
 * Express 4: perhaps nobody will send a response.
 */
export function createGuards(refuse: (unheeded: Unheeded) => void): Guards {
  return new RequestGuards(refuse)
}

/** A guard that was asked; `stop` is there once it has refused. */
interface Guard extends Unheeded {
  /** Fulfilled when the check is done. */
  settled: Promise<void>
  error: unknown
  /** Set when somebody calls `then`, which `await` does. */
  wasAwaited: boolean
  /** Stops watching for the rejection that nobody handles. */
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
    // An `await` calls `then` one microtask later: now those of before the response have done so.
    await undefined
    // Whoever asks for the result only from now on has responded already.
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

/** Waits until the runtime has told of the rejections of this turn that nobody handled. */
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
    // Handled here: the guards see to a refusal that nobody handles.
    Promise.prototype.then.call(promise, undefined, () => {})
    promise.#asked = asked
    return promise
  }

  // Derived promises are plain: the runtime tells of their unhandled rejections.
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
