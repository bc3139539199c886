/** What a request did to its session, and the pure function that does it again to another record. */

import { SessionError } from '../base/errors.ts'
import { type Field, freshValue, isUnspelled, unread } from './fields.ts'
import { type Layout, type SessionRecord, setMeta, userIdOf, waitingItems } from './record.ts'

/** Computes a new value from the newest one. Synchronous and pure; `undefined` deletes the key. */
export type Updater = (value: any) => unknown

/** One thing a request did. Values are texts already, so replaying cannot meet a half-changed one. */
export type Change =
  /** `from` is the text a nested change began with: another text there now is overwritten. */
  | { do: 'set'; key: string; text: string; from?: string }
  | { do: 'delete'; key: string }
  | { do: 'update'; key: string; fn: Updater }
  | { do: 'clear' }
  | { do: 'flash'; item: unknown }
  | { do: 'consume'; shown: readonly string[] | 'all' }
  | { do: 'permanent'; on: boolean }
  | { do: 'label'; label: string | undefined }
  | { do: 'regenerate' }
  /** `at` in seconds since 1970, `calledAt` the same in milliseconds. */
  | { do: 'login'; userId: string; at: number; calledAt?: number; nonce?: string }
  | { do: 'logout'; keep: readonly string[]; at: number; nonce?: string }

/** The change that sets a key to a field, whose text may be asked for later. */
export function setTo(key: string, field: Field): Change & { key: string } {
  return isUnspelled(field) ? new LateSet(key, field) : { do: 'set', key, text: field.text }
}

class LateSet {
  readonly do = 'set'
  readonly key: string
  #field: Field

  constructor(key: string, field: Field) {
    this.key = key
    this.#field = field
  }

  get text(): string {
    return this.#field.text
  }

  /** `isReplaced`: a later change takes its place, so its text makes no difference, and may not fail. */
  spell(isReplaced: () => boolean): void {
    if (!isUnspelled(this.#field)) return
    if (isReplaced()) this.#field = { text: 'null' }
    else void this.#field.text
  }
}

/**
 * Spells what was set and is not spelled yet, before the changes are done again.
 *
 * @throws ERR_VALUE_UNSUPPORTED for an object that by now holds what cannot be kept.
 */
export function spellChanges(changes: readonly Change[]): void {
  changes.forEach((change, at) => {
    if (!(change instanceof LateSet)) return
    change.spell(() => changes.slice(at + 1).some((later) => takesPlaceOf(later, change.key)))
  })
}

/** Whether a change leaves nothing of what a key held. An update has asked for the text already. */
function takesPlaceOf(change: Change, key: string): boolean {
  if (change.do === 'set' || change.do === 'delete') return change.key === key
  return change.do === 'clear' || (change.do === 'logout' && !change.keep.includes(key))
}

/** A record nobody has written to yet. `at` is in seconds since 1970. */
export function newRecord(layout: Layout, at: number, nonce?: string): SessionRecord {
  return layout.empty({ created: at, nonce })
}

/**
 * Does the changes again, in order, on a record, and answers the new one.
 *
 * A login as another user than the record's empties it first: what this request wrote stays,
 * before or after the call, and nothing of the other user does. Of two logins in one request the
 * second, as another user, leaves nothing of what came before it.
 */
export function replay(
  base: SessionRecord,
  changes: readonly Change[],
  layout: Layout,
): SessionRecord {
  const login = loginAsAnother(base, changes, layout)
  let record = login ? newRecord(layout, login.at) : layout.copy(base)
  for (const change of changes) record = apply(record, change, layout)
  return record
}

/** Does one change to a record that is the caller's own; answers it, or the one that replaces it. */
export function apply(record: SessionRecord, change: Change, layout: Layout): SessionRecord {
  const { names } = layout
  switch (change.do) {
    case 'set':
      record.data.set(change.key, unread(change.text))
      break
    case 'delete':
      record.data.delete(change.key)
      break
    case 'update': {
      const field = updatedField(record.data.get(change.key), change.key, change.fn, layout)
      if (field) record.data.set(change.key, field)
      else record.data.delete(change.key)
      break
    }
    case 'clear':
      record.data.clear()
      record.meta.delete(names.flashes)
      break
    case 'flash':
      setMeta(record, names.flashes, [...waitingItems(record, layout), change.item], layout)
      break
    case 'consume':
      setMeta(record, names.flashes, itemsLeft(record, change.shown, layout), layout)
      break
    case 'permanent':
      setMeta(record, names.permanent, change.on, layout)
      break
    case 'label':
      setMeta(record, names.label, change.label, layout)
      break
    case 'regenerate':
      break
    case 'login':
      if (isOfAnother(record, change.userId, layout)) record = newRecord(layout, change.at)
      setMeta(record, names.userId, change.userId, layout)
      setMeta(record, names.authenticatedAt, change.at, layout)
      // What was derived from the visitor's session before is of no use after.
      if (change.nonce !== undefined && !layout.flat) {
        record.stamp = { created: record.stamp.created, nonce: change.nonce }
      }
      break
    case 'logout': {
      const next = newRecord(layout, change.at, change.nonce)
      for (const key of change.keep) {
        const field = record.data.get(key)
        if (field) next.data.set(key, field)
      }
      return next
    }
  }
  return record
}

/**
 * Whether a change may be dropped where its session is gone: the visitor loses nothing by it.
 *
 * A new id for a session that is over, and messages that were shown already.
 */
export function isSoft(change: Change): boolean {
  return change.do === 'regenerate' || change.do === 'consume'
}

/** The keys in which a nested change takes the place of what another request wrote meanwhile. */
export function overwrittenKeys(base: SessionRecord, changes: readonly Change[]): string[] {
  return changes.flatMap((change, at) => {
    if (change.do !== 'set' || change.from === undefined) return []
    // What this request itself put there first is its own.
    const isOwn = changes.slice(0, at).some((earlier) => mayChange(earlier, change.key))
    return isOwn || base.data.get(change.key)?.text === change.from ? [] : [change.key]
  })
}

function mayChange(change: Change, key: string): boolean {
  if ('key' in change) return change.key === key
  return change.do === 'clear' || change.do === 'login' || change.do === 'logout'
}

/** The waiting messages without the ones that were shown, each taken once. */
function itemsLeft(record: SessionRecord, shown: readonly string[] | 'all', layout: Layout) {
  if (shown === 'all') return undefined
  const gone = [...shown]
  const left = waitingItems(record, layout).filter((item) => {
    const at = gone.indexOf(layout.codec.encode(item, layout.names.flashes))
    if (at >= 0) gone.splice(at, 1)
    return at < 0
  })
  return left.length > 0 ? left : undefined
}

/**
 * The field an update makes of a key, or `undefined` if it deletes it.
 *
 * @throws ERR_UPDATE_ASYNC for a promise, ERR_VALUE_UNSUPPORTED, and whatever `fn` throws.
 */
export function updatedField(
  field: Field | undefined,
  key: string,
  fn: Updater,
  { codec }: Layout,
): Field | undefined {
  const value = fn(field && freshValue(field, codec))
  if (value instanceof Promise) throw new SessionError('ERR_UPDATE_ASYNC', key)
  if (value === undefined) return undefined
  return { text: codec.encode(value, key), live: { value } }
}

/** Whether somebody else than this user is signed in. */
export function isOfAnother(record: SessionRecord, userId: string, layout: Layout): boolean {
  const user = userIdOf(record, layout)
  return user !== undefined && user !== userId
}

/** The first login, if it is as another user than the record's and no logout came before it. */
function loginAsAnother(base: SessionRecord, changes: readonly Change[], layout: Layout) {
  for (const change of changes) {
    if (change.do === 'logout') return undefined
    if (change.do === 'login' && isOfAnother(base, change.userId, layout)) return change
  }
  return undefined
}
