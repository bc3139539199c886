/** `session.MemoryStore`: sessions in this process, for development. */

import type { Got } from '../../formerly/express-store.ts'
import type { Done } from './bag.ts'
import { Store } from './store.ts'

/**
 * A store of express-session in memory. A restart ends all sessions, and it has no size limit.
 *
 * @example
 * import session from 'sojourn/express-session'
 * const store = new session.MemoryStore()
 * app.use(session({ secret: process.env.SESSION_SECRET, store }))
 */
export class MemoryStore extends Store {
  /** The rows by session id, as JSON. */
  sessions: Record<string, string> = Object.create(null)

  /** Reads a session. */
  get(id: string, done: Got): void {
    setImmediate(done, null, this.#read(id))
  }

  /** Saves a session. */
  set(id: string, data: any, done?: Done): void {
    this.sessions[id] = JSON.stringify(data)
    if (done) setImmediate(done)
  }

  /** Ends a session. */
  destroy(id: string, done?: Done): void {
    delete this.sessions[id]
    if (done) setImmediate(done)
  }

  /** Extends a session. */
  touch(id: string, data: any, done?: Done): void {
    const row = this.#read(id)
    if (row) this.sessions[id] = JSON.stringify({ ...row, cookie: data.cookie })
    if (done) setImmediate(done)
  }

  /** All sessions by their id. */
  all(done: Got): void {
    const all: Record<string, unknown> = Object.create(null)
    for (const id of Object.keys(this.sessions)) {
      const row = this.#read(id)
      if (row) all[id] = row
    }
    setImmediate(done, null, all)
  }

  /** Ends all sessions. */
  clear(done?: Done): void {
    this.sessions = Object.create(null)
    if (done) setImmediate(done)
  }

  /** How many sessions there are. */
  length(done: Got): void {
    this.all((error, all) => done(error, Object.keys(all).length))
  }

  #read(id: string): { cookie?: { expires?: string | null } } | undefined {
    const text = this.sessions[id]
    if (text === undefined) return undefined
    const row = JSON.parse(text) as { cookie?: { expires?: string | null } }
    const expires = row.cookie?.expires
    if (!expires || new Date(expires).valueOf() > Date.now()) return row
    delete this.sessions[id]
    return undefined
  }
}
