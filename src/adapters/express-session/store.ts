/** `session.Store`: the base class of express-session's stores. */

import { EventEmitter } from 'node:events'
import type { Got } from '../../formerly/express-store.ts'
import { type Done, actionsOf, type RequestStore, Session, type SessionRequest } from './bag.ts'
import { Cookie } from './cookie.ts'

abstract class StoreClass extends EventEmitter implements RequestStore {
  abstract get(id: string, done: Got): void
  abstract set(id: string, data: any, done?: Done): void
  abstract destroy(id: string, done?: Done): void

  /** Ends the request's session, and begins an empty one. */
  regenerate(req: SessionRequest, done: Done): void {
    const actions = actionsOf(req)
    if (actions) {
      actions.regenerate().then(
        () => setImmediate(done),
        (error: unknown) => setImmediate(done, error),
      )
      return
    }
    this.destroy(req.sessionID ?? '', (error) => {
      this.generate(req)
      done(error)
    })
  }

  /** Reads a session by its id, as an object with the methods of `req.session`. */
  load(id: string, done: Got): void {
    this.get(id, (error, data) => {
      if (error) return done(error)
      if (!data) return done()
      const req: unknown = { sessionID: id, sessionStore: this }
      done(null, this.createSession(req as SessionRequest, data))
    })
  }

  /** Makes `req.session` of the data of a row. */
  createSession(req: SessionRequest, data: any): Session {
    const { expires, originalMaxAge } = data.cookie
    data.cookie = new Cookie(data.cookie)
    if (typeof expires === 'string') data.cookie.expires = new Date(expires)
    data.cookie.originalMaxAge = originalMaxAge
    return (req.session = new Session(req, data))
  }

  /** Gives the request a new, empty session. */
  generate(req: SessionRequest): void {
    actionsOf(req)?.generate()
  }
}

/** The base class of express-session's stores. Extend it, and write get, set, destroy and touch. */
export type Store = StoreClass

/** Older stores call it as a function, `Store.call(this)`, which a class does not allow. */
export const Store = new Proxy(StoreClass, {
  apply(_class, store: object) {
    Reflect.apply(EventEmitter as unknown as () => void, store, [])
  },
})
