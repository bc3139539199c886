/** `req.session`: a plain object of the session's data, with express-session's methods. */

import type { IncomingMessage } from 'node:http'
import type { LegacyStore } from '../../formerly/express-store.ts'
import type { Cookie } from './cookie.ts'

/** A callback: called when the work is done, with the error if it failed. */
export type Done = (error?: any) => void

/** `req.sessionStore`: the store, with the two methods that express-session adds to it. */
export interface RequestStore extends LegacyStore {
  /** Ends the request's session, and begins an empty one. */
  regenerate(req: SessionRequest, done: Done): void
  /** Gives the request a new, empty session. */
  generate(req: SessionRequest): void
}

/** The properties that the middleware sets on a request. */
export interface SessionRequest extends IncomingMessage {
  /** The session; `null` or not there after `destroy()`. */
  session?: Session | null | undefined
  /** Its id. With a store of this package it is a label, and not what the cookie holds. */
  sessionID?: string | undefined
  /** Its store. */
  sessionStore?: RequestStore | undefined
}

/** What the methods of `req.session` do: the middleware's part of them. */
export interface SessionActions {
  save(bag: Session): Promise<void>
  reload(bag: Session): Promise<void>
  destroy(bag: Session): Promise<void>
  regenerate(): Promise<void>
  /** Gives the request a new, empty session. */
  generate(): void
}

/** A symbol, not a `WeakMap`: objects that have the request as their prototype find it as well. */
const ACTIONS = Symbol('sojourn.express-session')

/** Sets what the methods of a request's `req.session` call. */
export function setActions(req: object, actions: SessionActions): void {
  Object.defineProperty(req, ACTIONS, { value: actions, configurable: true })
}

/** The actions of a request; `undefined` if this middleware has not handled it. */
export function actionsOf(req: object): SessionActions | undefined {
  return (req as { [ACTIONS]?: SessionActions })[ACTIONS]
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
  /** The attributes of the session cookie. */
  cookie: Cookie
}

/**
 * The class of `req.session`. Its own enumerable properties are the data that is saved; `cookie` has
 * the attributes of the cookie.
 *
 * The data is saved as JSON, as in express-session: the next request reads a Date as text, and a key
 * whose value is `undefined` does not exist. Each method takes a callback, or returns a promise
 * without one.
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
  /** The request. Not enumerable, like the methods: only data is enumerable. */
  declare readonly req: SessionRequest
  /** The session id, the same as `req.sessionID`. */
  declare readonly id: string
  /** The attributes of the session cookie. */
  declare cookie: Cookie

  constructor(req: SessionRequest, data?: object | null) {
    Object.defineProperty(this, 'req', { value: req })
    Object.defineProperty(this, 'id', { value: req.sessionID })
    if (typeof data !== 'object' || data === null) return
    // As in express-session, a key with the name of a method does not replace the method.
    for (const [key, value] of Object.entries(data)) {
      if (!(key in this)) (this as Record<string, unknown>)[key] = value
    }
  }

  /** Sets `cookie.maxAge` back to its full length. Every response does this by itself. */
  touch(): this {
    return this.resetMaxAge()
  }

  /** Sets `cookie.maxAge` back to `cookie.originalMaxAge`. */
  resetMaxAge(): this {
    this.cookie.maxAge = this.cookie.originalMaxAge
    return this
  }

  /** Saves the changes now. Not needed before a response: each response saves them first. */
  save(): Promise<void>
  save(done: Done | undefined): this
  save(done?: Done): this | Promise<void> {
    const { req, id } = this
    return this.#run(
      done,
      (actions) => actions.save(this),
      (done) => void req.sessionStore?.set(id, this, done),
    )
  }

  /** Reads the newest data into a new `req.session`. Changes that were not saved are lost. */
  reload(): Promise<void>
  reload(done: Done | undefined): this
  reload(done?: Done): this | Promise<void> {
    return this.#run(
      done,
      (actions) => actions.reload(this),
      (done) => done(new Error('failed to load session')),
    )
  }

  /** Ends the session and deletes `req.session`: a logout. */
  destroy(): Promise<void>
  destroy(done: Done | undefined): this
  destroy(done?: Done): this | Promise<void> {
    const { req, id } = this
    return this.#run(
      done,
      (actions) => actions.destroy(this),
      (done) => {
        delete req.session
        req.sessionStore?.destroy(id, done)
      },
    )
  }

  /** Ends the session, and begins an empty `req.session` with a new id: before a login. */
  regenerate(): Promise<void>
  regenerate(done: Done | undefined): this
  regenerate(done?: Done): this | Promise<void> {
    const { req } = this
    return this.#run(
      done,
      (actions) => actions.regenerate(),
      (done) => req.sessionStore?.regenerate(req, done),
    )
  }

  #run(
    done: Done | undefined,
    run: (actions: SessionActions) => Promise<void>,
    withStore: (done: Done) => void,
  ): this | Promise<void> {
    const actions = actionsOf(this.req)
    const running = actions
      ? run(actions)
      : new Promise<void>((resolve, reject) =>
          withStore((error) => (error ? reject(error) : resolve())),
        )
    if (typeof done !== 'function') {
      // The app need not await it, as in express-session: the response reports a failure as well.
      running.catch(() => {})
      return running
    }
    // Called outside the promise: an error that the callback throws is the app's, and must be seen.
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

/** The data of `req.session` as JSON text by key, without `cookie`. @throws as `JSON.stringify` */
export function textsOf(bag: object): Map<string, string> {
  const texts = new Map<string, string>()
  for (const key of Object.keys(bag)) {
    if (key === 'cookie') continue
    // With the key, because `JSON.stringify` passes it to a value's `toJSON`.
    const text = JSON.stringify({ [key]: (bag as Record<string, unknown>)[key] })
    if (text !== '{}') texts.set(key, text.slice(JSON.stringify(key).length + 2, -1))
  }
  return texts
}
