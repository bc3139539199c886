/** Replays the changes of one request on a newer record. */

import { SessionError } from '../base/errors.ts'
import { isThenable } from '../base/realm.ts'
import { type Change, REMOVE, type Updater } from './changes.ts'
import { type Field, freshValue, unread } from './fields.ts'
import {
  type Layout,
  newRecord,
  type SessionRecord,
  setMeta,
  userIdOf,
  waitingItems,
} from './record.ts'
import { fieldOf, writtenField } from './schema-fields.ts'
import { setOwnTimeouts } from './session-lifetime.ts'

/**
 * Replays the changes on a copy of a record, in order, and returns the copy.
 *
 * A login as another user than the record's first empties the record: all data of the other user is
 * dropped, and all changes of this request are preserved, before and after the login. A second
 * login, as yet another user, also drops the changes before it.
 *
 * @throws ERR_DATA_INVALID if the record could not be migrated; and as `updatedField`
 */
export function replay(
  base: SessionRecord,
  changes: readonly Change[],
  layout: Layout,
): SessionRecord {
  if (base.unmigrated?.isFatal) throw base.unmigrated.error
  const login = loginAsAnother(base, changes, layout)
  let record = login ? newRecord(layout, login.at) : layout.copy(base)
  for (const change of changes) record = apply(record, change, layout)
  return record
}

/** Applies a change to a record in place; returns it, or the new record that replaces it. */
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
      const field = updatedField(fieldOf(record, change.key, layout), change.key, change.fn, layout)
      if (field) record.data.set(change.key, field)
      else record.data.delete(change.key)
      break
    }
    case 'clear': {
      const kept = layout.keepsPermanent && record.meta.get(names.permanent)
      record.data.clear()
      record.meta.clear()
      if (kept) record.meta.set(names.permanent, kept)
      break
    }
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
    case 'lifetime':
      setOwnTimeouts(record, change.own, layout)
      break
    case 'regenerate':
      break
    case 'login':
      if (isOfAnother(record, change.userId, layout)) record = newRecord(layout, change.at)
      setMeta(record, names.userId, change.userId, layout)
      setMeta(record, names.authenticatedAt, change.at, layout)
      for (const [name, value] of Object.entries(change.also ?? {})) {
        setMeta(record, name, value, layout)
      }
      // A new nonce makes CSRF tokens from before the login invalid.
      if (change.nonce !== undefined && !layout.flat) {
        record.stamp = { created: record.stamp.created, nonce: change.nonce }
      }
      break
    case 'logout': {
      const next = newRecord(layout, change.at, change.nonce)
      for (const key of change.keep) {
        const field = record.data.get(key)
        // In a flat layout this would keep the user signed in.
        const isUser = layout.flat && key === names.userId
        if (field && !isUser) next.data.set(key, field)
      }
      // Preserved values may be a newer version's: without its number they would be migrated again.
      const version = names.version && record.meta.get(names.version)
      if (version && next.data.size > 0) next.meta.set(names.version!, version)
      for (const [name, value] of Object.entries(change.also ?? {})) {
        setMeta(next, name, value, layout)
      }
      return next
    }
  }
  return record
}

/** The first login as another user than the record's, unless a logout comes before it. */
function loginAsAnother(base: SessionRecord, changes: readonly Change[], layout: Layout) {
  for (const change of changes) {
    if (change.do === 'logout') return undefined
    if (change.do === 'login' && isOfAnother(base, change.userId, layout)) return change
  }
  return undefined
}

/**
 * Whether a record is another user's.
 *
 * That includes one whose user id another writer has spelled as we cannot read it: its data must not
 * reach the user who signs in.
 */
export function isOfAnother(record: SessionRecord, userId: string, layout: Layout): boolean {
  const field = record.meta.get(layout.names.userId)
  if (field === undefined || userIdOf(record, layout) === userId) return false
  return !NO_USER.has(field.text)
}

/** How another writer says that nobody is signed in. */
const NO_USER: ReadonlySet<string> = new Set(['null', 'false', '""'])

/** The waiting messages without those that were shown; equal messages are removed one by one. */
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
 * Calls an updater and returns the new field, or `undefined` if it returned `REMOVE`.
 *
 * @throws ERR_UPDATE_ASYNC for a promise, ERR_UPDATE_UNDEFINED, ERR_VALUE_UNSUPPORTED,
 * ERR_VALUE_INVALID, and whatever `fn` throws.
 */
export function updatedField(
  field: Field | undefined,
  key: string,
  fn: Updater,
  layout: Layout,
): Field | undefined {
  const value = fn(field && freshValue(field, layout.codec))
  if (isThenable(value)) throw new SessionError('ERR_UPDATE_ASYNC', key)
  if (value === undefined) throw new SessionError('ERR_UPDATE_UNDEFINED', key)
  if (value === REMOVE) return undefined
  return writtenField(value, key, layout)
}
