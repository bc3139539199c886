/** The changes of one request: their kinds, when they are encoded, and what they overwrite. */

import { type Field, isUnspelled } from './fields.ts'
import type { SessionRecord } from './record.ts'
import type { OwnTimeouts } from './session-lifetime.ts'

/**
 * What the function given to `session.update` returns to delete the key.
 *
 * @example
 * import { REMOVE } from 'sojourn'
 * session.update('token', () => REMOVE)
 */
export const REMOVE: unique symbol = Symbol.for('sojourn.remove') as never

/** Computes a new value from the current one. Synchronous and pure; `REMOVE` deletes the key. */
export type Updater = (value: any) => unknown

/** One change of a request. Values are encoded, so later changes to an object have no effect. */
export type Change =
  /** `from`: the text before a change in place. If the newest text differs, it is overwritten. */
  | { do: 'set'; key: string; text: string; from?: string }
  | { do: 'delete'; key: string }
  | { do: 'update'; key: string; fn: Updater }
  | { do: 'clear' }
  | { do: 'flash'; item: unknown }
  | { do: 'consume'; shown: readonly string[] | 'all' }
  | { do: 'permanent'; on: boolean }
  | { do: 'label'; label: string | undefined }
  | { do: 'lifetime'; own: OwnTimeouts | undefined }
  | { do: 'regenerate' }
  /** `at` is in seconds since 1970. */
  | {
      do: 'login'
      userId: string
      at: number
      /** With a store: what its backend began to read when the login was called, for the commit. */
      epoch?: unknown
      nonce?: string
      /** Further keys of the layout; `undefined` deletes one. */
      also?: Readonly<Record<string, unknown>> | undefined
    }
  | {
      do: 'logout'
      keep: readonly string[]
      at: number
      nonce?: string
      /** Further keys that the logout sets. */
      also?: Readonly<Record<string, unknown>> | undefined
    }

/** Makes the change that sets a key to a field, which may be encoded later. */
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

  /** Encodes the field. `isReplaced`: a later change replaces it, so encoding it must not fail. */
  spell(isReplaced: () => boolean): void {
    if (!isUnspelled(this.#field)) return
    if (isReplaced()) this.#field = { text: 'null' }
    else void this.#field.text
  }
}

/**
 * Encodes the objects that were set and are not encoded yet. Called before a replay.
 *
 * @throws ERR_VALUE_UNSUPPORTED if an object by now contains a value that cannot be stored.
 */
export function spellChanges(changes: readonly Change[]): void {
  changes.forEach((change, at) => {
    if (!(change instanceof LateSet)) return
    change.spell(() => changes.slice(at + 1).some((later) => takesPlaceOf(later, change.key)))
  })
}

/** Whether a change replaces a key's value. Not an update: it has encoded the value already. */
function takesPlaceOf(change: Change, key: string): boolean {
  if (change.do === 'set' || change.do === 'delete') return change.key === key
  return change.do === 'clear' || (change.do === 'logout' && !change.keep.includes(key))
}

/**
 * Whether a change may be dropped if its session has ended, since no data is lost by it.
 *
 * That is a new id, and the removal of flash messages that were shown.
 */
export function isSoft(change: Change): boolean {
  return change.do === 'regenerate' || change.do === 'consume'
}

/** The keys where a change in place overwrites what a concurrent request has written. */
export function overwrittenKeys(base: SessionRecord, changes: readonly Change[]): string[] {
  return changes.flatMap((change, at) => {
    if (change.do !== 'set' || change.from === undefined) return []
    // A value that this request set earlier is its own.
    const isOwn = changes.slice(0, at).some((earlier) => mayChange(earlier, change.key))
    return isOwn || base.data.get(change.key)?.text === change.from ? [] : [change.key]
  })
}

function mayChange(change: Change, key: string): boolean {
  if ('key' in change) return change.key === key
  return change.do === 'clear' || change.do === 'login' || change.do === 'logout'
}
