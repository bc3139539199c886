/** `req.session`: a plain object of the session's data, with express-session's methods. */

import type { IncomingMessage } from 'node:http'
import type { LegacyStore } from '../../formerly/express-store.ts'
import type { Cookie } from './cookie.ts'

/** Called when it is done, with the error if it failed. */
export type Done = (error?: any) => void

/** `req.sessionStore`: the store, with what express-session adds to it. */
export interface RequestStore extends LegacyStore {
  /** Ends the request's session, and begins an empty one. */
  regenerate(req: SessionRequest, done: Done): void
  /** Gives the request a new, empty session. */
  generate(req: SessionRequest): void
}

/** What a request has beside `session`. */
export interface SessionRequest extends IncomingMessage {
  /** The session; `null` or not there after `destroy()`. */
  session?: Session | null | undefined
  /** Its id. With a store of this package it is a label, and not what the cookie holds. */
  sessionID?: string | undefined
  /** Its store. */
  sessionStore?: RequestStore | undefined
}

/** Does what a bag's methods are called for. */
export interface Keeper {
  save(bag: Session): Promise<void>
  reload(bag: Session): Promise<void>
  destroy(bag: Session): Promise<void>
  regenerate(): Promise<void>
  /** Gives the request a new, empty session. */
  generate(): void
}

/** A symbol and not a `WeakMap`: the request and its prototype stand-ins find the same. */
const KEEPER = Symbol('sojourn.express-session')

/** Makes a request's sessions be kept by `keeper`. */
export function keepBy(req: object, keeper: Keeper): void {
  Object.defineProperty(req, KEEPER, { value: keeper, configurable: true })
}

/** The keeper of a request; `undefined` for one that is not of this middleware. */
export function keeperOf(req: object): Keeper | undefined {
  return (req as { [KEEPER]?: Keeper })[KEEPER]
}

/**
 * The data of `req.session`, for TypeScript. Add the app's own keys:
 *
 * @example
 * declare module 'sojourn/express-session' {
 *   interface SessionData { user: string }
 * }
 */
export interface SessionData {
  /** The attributes of its cookie. */
  cookie: Cookie
}

/**
 * The session of a request, as data: its own enumerable properties are what is saved, and `cookie`.
 *
 * What JSON changes is changed when it is saved, as in express-session: a Date is read as text, a
 * value `undefined` is not there. Each method takes a callback, or else returns a promise.
 *
 * @example
 * import session from 'sojourn/express-session'
 * app.use(session({ secret: process.env.SESSION_SECRET }))
 * app.get('/', (req, res) => {
 *   if (!(req.session instanceof session.Session)) throw new Error('of another middleware')
 *   req.session.regenerate(() => res.end('a new id'))
 * })
 */
export class Session {
  /** Not enumerable, as the methods: only data is. */
  declare readonly req: SessionRequest
  /** The id: see `req.sessionID`. */
  declare readonly id: string
  /** The attributes of its cookie. */
  declare cookie: Cookie

  constructor(req: SessionRequest, data?: object | null) {
    Object.defineProperty(this, 'req', { value: req })
    Object.defineProperty(this, 'id', { value: req.sessionID })
    if (typeof data !== 'object' || data === null) return
    // Data must not replace a method, as in express-session.
    for (const [key, value] of Object.entries(data)) {
      if (!(key in this)) (this as Record<string, unknown>)[key] = value
    }
  }

  /** Begins `cookie.maxAge` anew. Every response does it. */
  touch(): this {
    return this.resetMaxAge()
  }

  /** Sets `cookie.maxAge` to what it was set to first. */
  resetMaxAge(): this {
    this.cookie.maxAge = this.cookie.originalMaxAge
    return this
  }

  /** Saves the changes now. Not needed: the response waits for that. */
  save(): Promise<void>
  save(done: Done | undefined): this
  save(done?: Done): this | Promise<void> {
    const { req, id } = this
    return this.#run(
      done,
      (keeper) => keeper.save(this),
      (told) => void req.sessionStore?.set(id, this, told),
    )
  }

  /** Reads the newest data into a new `req.session`, without the changes that were not saved. */
  reload(): Promise<void>
  reload(done: Done | undefined): this
  reload(done?: Done): this | Promise<void> {
    return this.#run(
      done,
      (keeper) => keeper.reload(this),
      (told) => told(new Error('failed to load session')),
    )
  }

  /** Ends the session. `req.session` is not there any more: a logout. */
  destroy(): Promise<void>
  destroy(done: Done | undefined): this
  destroy(done?: Done): this | Promise<void> {
    const { req, id } = this
    return this.#run(
      done,
      (keeper) => keeper.destroy(this),
      (told) => {
        delete req.session
        req.sessionStore?.destroy(id, told)
      },
    )
  }

  /** Ends the session, and begins an empty one with a new id, `req.session`: before a login. */
  regenerate(): Promise<void>
  regenerate(done: Done | undefined): this
  regenerate(done?: Done): this | Promise<void> {
    const { req } = this
    return this.#run(
      done,
      (keeper) => keeper.regenerate(),
      (told) => req.sessionStore?.regenerate(req, told),
    )
  }

  #run(
    done: Done | undefined,
    run: (keeper: Keeper) => Promise<void>,
    without: (told: Done) => void,
  ): this | Promise<void> {
    const keeper = keeperOf(this.req)
    const running = keeper
      ? run(keeper)
      : new Promise<void>((resolve, reject) =>
          without((error) => (error ? reject(error) : resolve())),
        )
    if (typeof done !== 'function') {
      // Nobody may wait for it, as in express-session. The response reports a failure, too.
      running.catch(() => {})
      return running
    }
    // Out of the promise: what the callback throws is the app's own, and must not be swallowed.
    running.then(
      () => setImmediate(done),
      (error: unknown) => setImmediate(done, error),
    )
    return this
  }
}

for (const name of Object.getOwnPropertyNames(Session.prototype)) {
  Object.defineProperty(Session.prototype, name, { enumerable: false })
}

/** The bag's data as JSON texts by key, without `cookie`. @throws as `JSON.stringify` */
export function textsOf(bag: object): Map<string, string> {
  const texts = new Map<string, string>()
  for (const key of Object.keys(bag)) {
    if (key === 'cookie') continue
    // With the key, as `toJSON` of a value gets it.
    const text = JSON.stringify({ [key]: (bag as Record<string, unknown>)[key] })
    if (text !== '{}') texts.set(key, text.slice(JSON.stringify(key).length + 2, -1))
  }
  return texts
}
