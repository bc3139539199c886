/** The session in a handler's hands: a typed dictionary and a few verbs. */

import { SessionError } from '../base/errors.ts'
import { printableShort } from '../base/printable.ts'
import { mergeInto } from '../http/headers.ts'
import { setTo, type Updater, updatedField } from '../record/changes.ts'
import { givenField, liveValue } from '../record/fields.ts'
import { authenticatedAtOf, type Flash, isPermanent, labelOf, userIdOf } from '../record/record.ts'
import { isObject } from '../record/text/shapes.ts'
import type { Markup } from '../record/text/values.ts'
import { commitState, reloadState } from './commit.ts'
import { showFlashes } from './flashes.ts'
import { refuseStrayProperties } from './explain/properties.ts'
import { checkCategory, checkedUserId, checkKey, checkLabel } from './explain/misuse.ts'
import { newNonce, note, noteDrift, notePut, outgoing, refuseFrozen, type State } from './state.ts'

/** A key may be a stranger's words, and of any length. */
const LONGEST_SHOWN_KEY = 60

/** The keys of a session's data. */
export type KeyOf<Data> = Extract<keyof Data, string>

declare const PRESENT: unique symbol

/** A session in which `has` has found some keys: `get` gives them without `undefined`. */
export interface SessionHaving<Data, Present extends KeyOf<Data>, UserId> extends Session<
  Data,
  UserId
> {
  readonly [PRESENT]: { readonly [Key in Present]: true }
  get<Key extends Present>(key: Key): Exclude<Data[Key], undefined>
  get<Key extends KeyOf<Data>>(key: Key): Data[Key] | undefined
  get<Key extends KeyOf<Data>>(
    key: Key,
    fallback: Exclude<Data[Key], undefined>,
  ): Exclude<Data[Key], undefined>
  get<Key extends KeyOf<Data>, Fallback>(
    key: Key,
    fallback: Fallback,
  ): Exclude<Data[Key], undefined> | Fallback
  has<Key extends KeyOf<Data>>(key: Key): this is SessionHaving<Data, Present | Key, UserId>
}

/**
 * One visitor, remembered between requests. One per request and `createSessions`.
 *
 * Reading never writes. A change is kept when the response's headers leave; from then on writing
 * throws ERR_SESSION_COMMITTED.
 */
export class Session<Data = any, UserId = string | undefined> {
  readonly #state: State

  /** Not for applications: sessions come from `sessions.get(req)`. */
  constructor(state: State) {
    this.#state = state
    Object.preventExtensions(this)
  }

  /** The value of a key, or the fallback; a fallback is not kept. A change inside it is kept. */
  get<Key extends KeyOf<Data>>(key: Key): Data[Key] | undefined
  get<Key extends KeyOf<Data>>(
    key: Key,
    fallback: Exclude<Data[Key], undefined>,
  ): Exclude<Data[Key], undefined>
  get<Key extends KeyOf<Data>, Fallback>(
    key: Key,
    fallback: Fallback,
  ): Exclude<Data[Key], undefined> | Fallback
  get(key: string, fallback?: unknown): unknown {
    const state = this.#state
    const field = state.record.data.get(key)
    if (!field) return fallback
    const value = liveValue(field, state.host.backend.layout.codec)
    if (isObject(value)) state.mayDrift = true
    return value
  }

  /** Whether the key is there. In an `if`, `get` then knows that it has a value. */
  has<Key extends KeyOf<Data>>(key: Key): this is SessionHaving<Data, Key, UserId>
  has(key: string): boolean {
    return this.#state.record.data.has(key)
  }

  /** Keeps a value. @throws ERR_VALUE_UNSUPPORTED for one that cannot be kept. */
  set<Key extends KeyOf<Data>>(key: Key, value: Exclude<Data[Key], undefined>): this {
    refuseFrozen(this.#state, 'set()')
    checkKey(key)
    const field = givenField(value, key, this.#state.host.backend.layout.codec)
    notePut(this.#state, setTo(key, field), field)
    return this
  }

  /** The value of a key, or the one given, which is then kept: Python's `setdefault`. */
  getOrInsert<Key extends KeyOf<Data>>(
    key: Key,
    value: Exclude<Data[Key], undefined>,
  ): Exclude<Data[Key], undefined> {
    if (!this.has(key)) this.set(key, value)
    return this.get(key) as Exclude<Data[Key], undefined>
  }

  /**
   * Computes a value from the newest one: the way to count, append and spend.
   *
   * `fn` has to be synchronous and pure, since on a store it may run again on newer data;
   * `undefined` deletes the key. Returns this request's provisional value.
   *
   * @throws ERR_UPDATE_ASYNC for a promise, and whatever `fn` throws.
   */
  update<Key extends KeyOf<Data>>(
    key: Key,
    fn: (value: Data[Key] | undefined) => Data[Key] | undefined,
  ): Data[Key] | undefined {
    const state = this.#state
    refuseFrozen(state, 'update()')
    checkKey(key)
    noteDrift(state, key)
    const field = updatedField(
      state.record.data.get(key),
      key,
      fn as Updater,
      state.host.backend.layout,
    )
    // Noted only now that it has worked: a function that throws changes nothing.
    notePut(state, { do: 'update', key, fn: fn as Updater }, field)
    return field?.live?.value as Data[Key] | undefined
  }

  /** Deletes a key; answers whether it was there. */
  delete(key: KeyOf<Data>): boolean {
    refuseFrozen(this.#state, 'delete()')
    if (!this.#state.record.data.has(key)) return false
    note(this.#state, 'delete()', { do: 'delete', key })
    return true
  }

  /** Deletes a key and answers its value, or the fallback. */
  pop<Key extends KeyOf<Data>>(key: Key): Data[Key] | undefined
  pop<Key extends KeyOf<Data>>(
    key: Key,
    fallback: Exclude<Data[Key], undefined>,
  ): Exclude<Data[Key], undefined>
  pop<Key extends KeyOf<Data>, Fallback>(
    key: Key,
    fallback: Fallback,
  ): Exclude<Data[Key], undefined> | Fallback
  pop(key: KeyOf<Data>, fallback?: unknown): unknown {
    const value = this.get(key, fallback)
    this.delete(key)
    return value
  }

  /**
   * Deletes all data and waiting flash messages. The visitor stays signed in: see `logout()`.
   * In Flask's cookie the user is a key like any other, and goes too.
   */
  clear(): void {
    note(this.#state, 'clear()', { do: 'clear' })
  }

  /** How many keys there are. */
  get size(): number {
    return this.#state.record.data.size
  }

  /** The keys, in order. */
  keys(): IterableIterator<KeyOf<Data>> {
    return this.#state.record.data.keys() as IterableIterator<KeyOf<Data>>
  }

  /** The values, in order. */
  *values(): IterableIterator<Data[KeyOf<Data>]> {
    for (const [, value] of this) yield value
  }

  /** Keys with their values, in order: `Object.fromEntries(session)`. */
  *entries(): IterableIterator<[KeyOf<Data>, Data[KeyOf<Data>]]> {
    for (const key of this.keys()) yield [key, this.get(key) as Data[KeyOf<Data>]]
  }

  [Symbol.iterator](): IterableIterator<[KeyOf<Data>, Data[KeyOf<Data>]]> {
    return this.entries()
  }

  /** Leaves a message for the visitor's next page. @throws ERR_VALUE_UNSUPPORTED */
  flash(message: string | Markup, category = 'message'): void {
    refuseFrozen(this.#state, 'flash()')
    checkCategory(category)
    const { layout } = this.#state.host.backend
    const item = layout.flashItem(category, message)
    layout.codec.encode(item, layout.names.flashes)
    note(this.#state, 'flash()', { do: 'flash', item })
  }

  /**
   * The waiting messages, or those of some categories. What is shown is gone afterwards.
   *
   * Stable within a request: asked twice, it answers twice the same.
   */
  flashes({ categories }: { categories?: readonly string[] } = {}): Flash[] {
    return showFlashes(this.#state, categories)
  }

  /**
   * Signs a visitor in: a new id, and the time of the login.
   *
   * The data of an anonymous visitor, or of the same user, stays; another user's goes. Whether
   * `set` comes before or after makes no difference, save on a store where the session ended
   * meanwhile: then only what comes after begins the new one.
   *
   * @throws ERR_USER_ID_INVALID for anything but a non-empty string or an integer.
   */
  login(userId: string | number | bigint): void {
    const calledAt = this.#state.host.clock()
    note(this.#state, 'login()', {
      do: 'login',
      userId: checkedUserId(userId),
      at: Math.floor(calledAt / 1000),
      calledAt,
      nonce: newNonce(),
    })
  }

  /**
   * Ends the session for good. What is kept, or written afterwards, begins a new anonymous one.
   *
   * @param options.keep keys to carry over, such as a language.
   */
  logout({ keep = [] }: { keep?: readonly KeyOf<Data>[] } = {}): void {
    const { hint, clock, stored } = this.#state.host
    if (!Array.isArray(keep)) {
      throw new SessionError('ERR_OPTION_INVALID', 'keep', "has to be a list of keys: ['language']")
    }
    noteDrift(this.#state)
    const at = Math.floor(clock() / 1000)
    note(this.#state, 'logout()', { do: 'logout', keep: [...keep], at, nonce: newNonce() })
    if (stored) return
    hint(
      'logout',
      'logout() clears the cookie in this browser. A copy of it made earlier opens until it expires: only sessions kept in a store can be ended everywhere.',
    )
  }

  /** A new id for the same data: after a change of rights that is no login. */
  regenerate(): void {
    note(this.#state, 'regenerate()', { do: 'regenerate' })
  }

  /** Whether the session outlives the browser. @default false */
  get permanent(): boolean {
    return isPermanent(this.#state.record, this.#state.host.backend.layout)
  }

  set permanent(on: boolean) {
    // Apps set it on each request; outside Flask's layout that is no reason for a new cookie.
    if (!this.#state.host.backend.layout.flat && this.permanent === Boolean(on)) return
    note(this.#state, 'permanent', { do: 'permanent', on: Boolean(on) })
  }

  /** Whether the visitor came without a session. */
  get isNew(): boolean {
    return this.#state.isNew
  }

  /**
   * The token for this session's forms: a hidden field `_csrf`, or the header `x-csrf-token`.
   *
   * Derived from the session and kept nowhere, so asking writes nothing; another one after a login
   * or a logout.
   *
   * @throws ERR_CSRF_UNSUPPORTED under Flask's preset.
   */
  csrfToken(): string {
    const { host, record } = this.#state
    return host.csrf.tokenOf(record)
  }

  /** Who is signed in. */
  get userId(): UserId {
    return userIdOf(this.#state.record, this.#state.host.backend.layout) as UserId
  }

  /** When the visitor last signed in; not kept in Flask's cookie. */
  get authenticatedAt(): Date | undefined {
    const seconds = authenticatedAtOf(this.#state.record, this.#state.host.backend.layout)
    return seconds === undefined ? undefined : new Date(seconds * 1000)
  }

  /** Names the session in logs and device lists; alone it opens nothing. Only on a store, once kept. */
  get handle(): string | undefined {
    return this.#state.opened.handle
  }

  /**
   * Whether the store did not answer, and this is an empty stand-in that refuses to be written.
   *
   * Only with `onUnavailable: 'anonymous-readonly'`; otherwise opening throws.
   */
  get isUnavailable(): boolean {
    return this.#state.unavailable !== undefined
  }

  /** What the app calls this session, such as the device, in 200 characters; not kept in Flask's cookie. */
  get label(): string | undefined {
    return labelOf(this.#state.record, this.#state.host.backend.layout)
  }

  set label(label: string | undefined) {
    checkLabel(label)
    note(this.#state, 'label', { do: 'label', label })
  }

  /** Reads the newest record again and puts this request's changes on it. */
  async reload(): Promise<void> {
    await reloadState(this.#state)
  }

  /**
   * Keeps the changes now, and merges Set-Cookie, Vary and Cache-Control into the headers.
   *
   * Behind an adapter the response's headers need no merging: commit early to know the result.
   *
   * Objects that were got before belong to the session only where no other request changed their
   * key: get them anew.
   *
   * @throws ERR_COOKIE_TOO_LARGE; on a store ERR_SESSION_GONE, ERR_SESSION_CONFLICT,
   * ERR_SESSION_LIMIT, ERR_SESSION_TOO_LARGE, and what an updater throws on newer data: nothing was
   * kept then, and the response leaves as the app decides. ERR_STORE_UNAVAILABLE: nobody knows
   * whether it was kept, and it is not tried again, save a logout.
   */
  async commit(headers: Headers = new Headers()): Promise<Headers> {
    await commitState(this.#state)
    return mergeInto(headers, outgoing(this.#state))
  }

  /** The keys alone: a session often ends up in a log, and its values should not. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    const keys = [...this.keys()].map((key) => printableShort(key, LONGEST_SHOWN_KEY))
    return `Session { ${keys.join(', ')} }`
  }
}

refuseStrayProperties(Session.prototype)
