/** The class `Session`: get, set, update, flash, login, logout, CSRF token, commit. */

import { printableShort } from '../base/printable.ts'
import { mergeInto } from '../http/headers.ts'
import { authenticatedAtOf, type Flash, isPermanent, labelOf, userIdOf } from '../record/record.ts'
import type { Markup } from '../record/text/values.ts'
import { commitState, commitUntil, reloadState } from './commit.ts'
import { keysOf, noteDelete, noteSet, noteUpdate, readValue } from './data.ts'
import type { KeyOf, Updated, ValueOf } from './data-types.ts'
import { checkedLabel, checkedSignal, checkHeaders } from './explain/misuse.ts'
import { refuseStrayProperties, SessionBase } from './explain/properties.ts'
import { noteFlash, showFlashes } from './flashes.ts'
import { noteClear, noteLogin, noteLogout } from './login.ts'
import { noteLifetime, ownLifetime } from './own-lifetime.ts'
import { outgoing } from './set-cookie-line.ts'
import type { SessionLifetime } from './setup/own-preset.ts'
import { findField, note, type State } from './state.ts'

/** A key may be input of a visitor, of any length. */
const LONGEST_SHOWN_KEY = 60

declare const PRESENT: unique symbol

/** A session after `has(key)` was true: the type of `get(key)` is without `undefined`. */
export interface SessionHaving<Data, Present extends KeyOf<Data>, UserId> extends Session<
  Data,
  UserId
> {
  readonly [PRESENT]: { readonly [Key in Present]: true }
  get<Key extends Present>(key: Key): ValueOf<Data, Key>
  get<Key extends KeyOf<Data>>(key: Key): Data[Key] | undefined
  get<Key extends KeyOf<Data>>(key: Key, fallback: ValueOf<Data, Key>): ValueOf<Data, Key>
  get<Key extends KeyOf<Data>, Other>(key: Key, fallback: Other): ValueOf<Data, Key> | Other
  has<Key extends KeyOf<Data>>(key: Key): this is SessionHaving<Data, Present | Key, UserId>
}

/**
 * The session of one visitor. One object per request and `createSessions`.
 *
 * Reading does not count as a change. Changes are saved when the response headers are sent;
 * afterwards a change throws ERR_SESSION_COMMITTED.
 *
 * @throws ERR_SESSION_COMMITTED, ERR_SESSION_READ_ONLY: every change. ERR_SESSION_PROPERTY: an assignment such
 * as `session.user = 'ada'`. ERR_DATA_INVALID, ERR_SCHEMA_ASYNC: what reads a value that a schema checks, the
 * former only with `onInvalid: 'error'`.
 *
 * @example
 * import { createSessions } from 'sojourn'
 * const sessions = createSessions<{ visits: number }>({ secret: process.env.SESSION_SECRET })
 * const session = await sessions.open(req.headers.cookie)
 * session.update('visits', (visits = 0) => visits + 1)
 * res.setHeaders(await session.commit())
 */
export class Session<Data = any, UserId = string | undefined> extends SessionBase {
  readonly #state: State

  /** Internal. Applications call `sessions.get(req)`. */
  constructor(state: State) {
    super(state.host.development)
    this.#state = state
    Object.preventExtensions(this)
  }

  /**
   * Returns a key's value, or `fallback`, which is not saved. Changes inside the value are saved.
   *
   * @example
   * const language = session.get('language', 'en')
   */
  get<Key extends KeyOf<Data>>(key: Key): Data[Key] | undefined
  get<Key extends KeyOf<Data>>(key: Key, fallback: ValueOf<Data, Key>): ValueOf<Data, Key>
  get<Key extends KeyOf<Data>, Other>(key: Key, fallback: Other): ValueOf<Data, Key> | Other
  get(key: string, fallback?: unknown): unknown {
    return readValue(this.#state, key, fallback)
  }

  /**
   * Whether the key exists. Narrows the type of `get` in an `if`.
   *
   * @example
   * if (session.has('cart')) res.redirect('/checkout')
   */
  has<Key extends KeyOf<Data>>(key: Key): this is SessionHaving<Data, Key, UserId>
  has(key: string): boolean {
    return findField(this.#state, key) !== undefined
  }

  /**
   * Sets a key.
   *
   * @throws ERR_VALUE_UNSUPPORTED if the value cannot be stored; ERR_VALUE_INVALID if the schema does
   * not accept it.
   *
   * @example
   * session.set('language', 'fr').set('theme', 'dark')
   */
  set<Key extends KeyOf<Data>>(key: Key, value: ValueOf<Data, Key>): this {
    noteSet(this.#state, key, value)
    return this
  }

  /**
   * Returns a key's value; if it has none, sets and returns `value`. Python's `setdefault`.
   *
   * @example
   * const cart: string[] = session.getOrInsert('cart', [])
   * cart.push('tea') // is saved
   */
  getOrInsert<Key extends KeyOf<Data>>(key: Key, value: ValueOf<Data, Key>): ValueOf<Data, Key> {
    if (!this.has(key)) this.set(key, value)
    return this.get(key) as ValueOf<Data, Key>
  }

  /**
   * Computes a key's value from the newest one, without lost updates: for counters and lists.
   *
   * `fn` has to be synchronous and pure, since with a store it may run again on newer data. It
   * returns the new value, or `REMOVE` to delete the key. Returns this request's provisional value;
   * `undefined` if the key is deleted.
   *
   * @throws ERR_UPDATE_ASYNC for a promise, ERR_UPDATE_UNDEFINED for `undefined`,
   * ERR_VALUE_UNSUPPORTED, ERR_VALUE_INVALID, and whatever `fn` throws.
   *
   * @example
   * session.update('visits', (visits = 0) => visits + 1)
   */
  update<Key extends KeyOf<Data>>(
    key: Key,
    fn: (value: Data[Key] | undefined) => Updated<Data[Key]>,
  ): Data[Key] | undefined {
    return noteUpdate(this.#state, key, fn) as Data[Key] | undefined
  }

  /**
   * Deletes a key; returns whether it existed.
   *
   * @example
   * session.delete('coupon')
   */
  delete(key: KeyOf<Data>): boolean {
    return noteDelete(this.#state, key)
  }

  /**
   * Deletes a key and returns its value, or the fallback.
   *
   * @example
   * const next = session.pop('next', '/')
   */
  pop<Key extends KeyOf<Data>>(key: Key): Data[Key] | undefined
  pop<Key extends KeyOf<Data>>(key: Key, fallback: ValueOf<Data, Key>): ValueOf<Data, Key>
  pop<Key extends KeyOf<Data>, Other>(key: Key, fallback: Other): ValueOf<Data, Key> | Other
  pop(key: KeyOf<Data>, fallback?: unknown): unknown {
    const value = this.get(key, fallback)
    this.delete(key)
    return value
  }

  /**
   * Deletes everything: data, flash messages, `permanent`, `label`, `lifetime`, and who is signed in.
   * As Flask's `session.clear()`.
   *
   * A signed-in session ends, as with `logout()`: in a store it cannot come back. `logout({ keep })`
   * differs in that it can preserve keys, such as a language.
   *
   * @example
   * session.clear()
   */
  clear(): void {
    noteClear(this.#state)
  }

  /** The number of keys. */
  get size(): number {
    const { host, record } = this.#state
    return host.backend.layout.schema ? [...keysOf(this.#state)].length : record.data.size
  }

  /**
   * The keys, in order.
   *
   * @example
   * console.log([...session.keys()])
   */
  keys(): IterableIterator<KeyOf<Data>> {
    return keysOf(this.#state) as IterableIterator<KeyOf<Data>>
  }

  /**
   * The values, in order.
   *
   * @example
   * for (const value of session.values()) console.log(typeof value)
   */
  *values(): IterableIterator<Data[KeyOf<Data>]> {
    for (const [, value] of this) yield value
  }

  /**
   * Keys with their values, in order: `Object.fromEntries(session)`.
   *
   * @example
   * const data = Object.fromEntries(session.entries())
   */
  *entries(): IterableIterator<[KeyOf<Data>, Data[KeyOf<Data>]]> {
    for (const key of this.keys()) yield [key, this.get(key) as Data[KeyOf<Data>]]
  }

  /** The same as `entries()`. */
  [Symbol.iterator](): IterableIterator<[KeyOf<Data>, Data[KeyOf<Data>]]> {
    return this.entries()
  }

  /**
   * Adds a message for the visitor's next page. @throws ERR_VALUE_UNSUPPORTED
   *
   * @example
   * session.flash('Your order was saved.', 'success')
   * res.redirect(303, '/orders')
   */
  flash(message: string | Markup, category = 'message'): void {
    noteFlash(this.#state, message, category)
  }

  /**
   * Returns the waiting messages, or those of some categories, and removes them from the session.
   *
   * Within a request every call returns the same messages.
   *
   * @throws ERR_OPTION_INVALID unless `categories` is a list of texts.
   *
   * @example
   * res.render('page', { flashes: session.flashes() }) // the template escapes what visitors typed
   */
  flashes(options: { categories?: readonly string[] } = {}): Flash[] {
    return showFlashes(this.#state, options)
  }

  /**
   * Signs a visitor in: sets the user id and the login time, and renews the session id (against
   * session fixation).
   *
   * Data of the anonymous visitor, or of the same user, is preserved; another user's is deleted.
   * The order of `set` and `login` does not matter, with one exception: if the stored session was
   * ended meanwhile, only changes after `login` are in the new one.
   *
   * @throws ERR_USER_ID_INVALID for anything but a non-empty string or an integer.
   *
   * @example
   * session.login('ada')
   * session.permanent = true // remember me
   */
  login(userId: string | number | bigint): void {
    noteLogin(this.#state, userId)
  }

  /**
   * Ends the session. The preserved keys and later changes begin a new, anonymous session.
   *
   * @param options.keep keys to preserve, such as a language. @default []
   * @throws ERR_OPTION_INVALID unless `keep` is a list of texts.
   *
   * @example
   * session.logout({ keep: ['language'] })
   */
  logout(options: { keep?: readonly KeyOf<Data>[] } = {}): void {
    noteLogout(this.#state, options)
  }

  /**
   * Renews the session id and preserves the data: for a change of privileges without a login.
   *
   * @example
   * session.regenerate()
   * session.set('role', 'admin')
   */
  regenerate(): void {
    note(this.#state, 'regenerate()', { do: 'regenerate' })
  }

  /** Whether the cookie stays when the browser is closed. As Flask's `permanent`. @default false */
  get permanent(): boolean {
    return isPermanent(this.#state.record, this.#state.host.backend.layout)
  }

  set permanent(on: boolean) {
    // Apps set it on each request. Only with Flask's preset does an equal value send a new cookie.
    if (!this.#state.host.backend.layout.flat && this.permanent === Boolean(on)) return
    note(this.#state, 'permanent', { do: 'permanent', on: Boolean(on) })
  }

  /**
   * The timeouts that were set for this session, such as shorter ones for administrators:
   * `session.lifetime = { idle: '15m', absolute: '8h' }`. Saved with the session and enforced by the
   * server, not by the cookie's Max-Age.
   *
   * It cannot extend a timeout: the shorter of this and the option applies, even if the option is
   * changed later. Always assign a whole object; the one that it returns is frozen. `undefined`
   * removes it. So do `logout`, `clear` and the login of another user, unless the same request sets
   * it. express-session and Flask have nothing like it. @default undefined: the timeouts of the
   * options
   *
   * @throws ERR_OPTION_INVALID for anything else, and under Flask's preset.
   */
  get lifetime(): Readonly<SessionLifetime> | undefined {
    return ownLifetime(this.#state)
  }

  set lifetime(lifetime: SessionLifetime | undefined) {
    noteLifetime(this.#state, lifetime)
  }

  /** Whether the request came without a valid session. */
  get isNew(): boolean {
    return this.#state.isNew
  }

  /**
   * Returns the CSRF token for a hidden form field `_csrf` or the header `x-csrf-token`.
   *
   * It is derived from the session and not stored: reading it saves nothing. A login or a logout
   * changes it.
   *
   * @throws ERR_CSRF_UNSUPPORTED with a preset for the sessions of another library, such as Flask's.
   *
   * @example
   * res.send(`<input type="hidden" name="_csrf" value="${session.csrfToken()}">`)
   */
  csrfToken(): string {
    const { host, record } = this.#state
    return host.csrf.tokenOf(record)
  }

  /** The id of the signed-in user; `undefined` for an anonymous visitor. */
  get userId(): UserId {
    return userIdOf(this.#state.record, this.#state.host.backend.layout) as UserId
  }

  /** The time of the last login. Always `undefined` under Flask's preset. */
  get authenticatedAt(): Date | undefined {
    const seconds = authenticatedAtOf(this.#state.record, this.#state.host.backend.layout)
    return seconds === undefined ? undefined : new Date(seconds * 1000)
  }

  /** Public session identifier, safe to log: it cannot be used to authenticate. Stores only. */
  get handle(): string | undefined {
    return this.#state.opened.handle
  }

  /**
   * Whether the store is unavailable, and this is an empty, read-only session in its place.
   *
   * Only with `onUnavailable: 'anonymous-readonly'`; by default opening throws
   * ERR_STORE_UNAVAILABLE.
   */
  get isUnavailable(): boolean {
    return this.#state.unavailable !== undefined
  }

  /** The app's label, such as the device; cut to 200 characters. Not under Flask's preset. */
  get label(): string | undefined {
    return labelOf(this.#state.record, this.#state.host.backend.layout)
  }

  set label(label: string | undefined) {
    note(this.#state, 'label', { do: 'label', label: checkedLabel(label) })
  }

  /**
   * Reads the newest data and replays this request's changes on it.
   *
   * @example
   * await session.reload()
   * console.log(session.get('progress'))
   */
  async reload(): Promise<void> {
    await reloadState(this.#state)
  }

  /**
   * Saves the changes now, and merges Set-Cookie, Vary and Cache-Control into `headers`.
   *
   * An adapter sets the headers itself. Call this in a handler if you need to know whether saving
   * succeeded.
   *
   * Get objects again afterwards: if a concurrent request changed their key, the old object is no
   * longer part of the session.
   *
   * @throws ERR_OPTION_INVALID for other headers; ERR_COOKIE_TOO_LARGE; with a store also
   * ERR_SESSION_GONE, ERR_SESSION_CONFLICT, ERR_SESSION_LIMIT, ERR_SESSION_TOO_LARGE, and errors of
   * an updater on newer data. Then nothing was saved. After ERR_STORE_UNAVAILABLE it is unknown
   * whether the changes were saved; only a logout is retried.
   *
   * @param options.signal ends the wait: rejects with its reason, `headers` unchanged. A commit that
   * has begun is not undone and goes on; the response, or the next `commit`, has its outcome.
   *
   * @example
   * const headers = await session.commit()
   * const response = new Response('saved', { headers })
   */
  async commit(
    headers: Headers = new Headers(),
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<Headers> {
    checkHeaders(headers)
    const signal = checkedSignal(options)
    await (signal ? commitUntil(this.#state, signal) : commitState(this.#state))
    return mergeInto(headers, outgoing(this.#state))
  }

  /** Shows the keys without the values, so that values do not end up in logs. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    // console.log('%o') and the REPL show the object behind the development proxy.
    if (!(#state in this)) return 'Session {}'
    const keys = [...this.#state.record.data.keys()].map((key) =>
      printableShort(key, LONGEST_SHOWN_KEY),
    )
    return `Session { ${keys.join(', ')} }`
  }
}

refuseStrayProperties(Session.prototype)
