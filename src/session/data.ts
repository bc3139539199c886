/** Reads and changes the values of a session's data. */

import { setTo, type Updater } from '../record/changes.ts'
import { givenField, liveValue } from '../record/fields.ts'
import { updatedField } from '../record/replay.ts'
import { isObject } from '../record/text/shapes.ts'
import { checkKey, checkUpdater } from './explain/misuse.ts'
import { watchSent } from './lost-changes.ts'
import { findField, note, noteDrift, notePut, refuseFrozen, type State } from './state.ts'

/** Returns a key's value, or `fallback` if it has none. */
export function readValue(state: State, key: string, fallback: unknown): unknown {
  const field = findField(state, key)
  if (!field) return fallback
  const value = liveValue(field, state.host.backend.layout.codec)
  if (isObject(value)) gaveObject(state)
  return value
}

/** Notes that the app holds an object of the session, which it may change in place. */
function gaveObject(state: State): void {
  state.mayDrift = true
  if (state.frozen) watchSent(state)
  // In production, reading a session of `sessions.open()` must not keep it in memory.
  else if (state.host.development) state.watch?.gave()
}

/** Sets a key. @throws ERR_VALUE_UNSUPPORTED, ERR_VALUE_INVALID; as `refuseFrozen` */
export function noteSet(state: State, key: string, value: unknown): void {
  refuseFrozen(state, 'set()')
  checkKey(key)
  const { codec, schema } = state.host.backend.layout
  const field = schema ? schema.write(value, key) : givenField(value, key, codec)
  notePut(state, setTo(key, field), field)
}

/** Updates a key, and returns its new value. @throws as `updatedField` and `refuseFrozen` */
export function noteUpdate(state: State, key: string, fn: Updater): unknown {
  refuseFrozen(state, 'update()')
  checkKey(key)
  checkUpdater(key, fn)
  noteDrift(state, key)
  const field = updatedField(findField(state, key), key, fn, state.host.backend.layout)
  // Recorded last: if `fn` throws, nothing changes.
  notePut(state, { do: 'update', key, fn }, field)
  return field?.live?.value
}

/** The keys, in order; with a schema those that it accepts. @throws as `findField` */
export function keysOf(state: State): IterableIterator<string> {
  const keys = state.record.data.keys()
  if (!state.host.backend.layout.schema) return keys
  return [...keys].filter((key) => findField(state, key)).values()
}

/** Deletes a key; returns whether it existed. @throws as `refuseFrozen` */
export function noteDelete(state: State, key: string): boolean {
  refuseFrozen(state, 'delete()')
  if (!state.record.data.has(key)) return false
  note(state, 'delete()', { do: 'delete', key })
  return true
}
