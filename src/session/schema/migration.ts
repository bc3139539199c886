/** The version of a record's data, and the migration of what an older version of the app has written. */

import { SessionError, withCause } from '../../base/errors.ts'
import { isThenable } from '../../base/realm.ts'
import { copyFields, type Fields, freshValue, unread } from '../../record/fields.ts'
import type { Layout, SessionRecord } from '../../record/record.ts'
import { isObject, isPlain } from '../../record/text/shapes.ts'
import type { OnInvalid } from './value-checks.ts'

/**
 * Converts data that an older version of the app has written. `version`: the number of that
 * version, 0 if it had none. Synchronous and without side effects: it may run again on newer data.
 */
export type Migrate = (data: Record<string, any>, version: number) => Record<string, unknown>

/** Why data that could not be migrated is invalid. */
export const MIGRATE_FAILED = 'migrate() failed'

/**
 * A layout that numbers the data of a record, and migrates data with a lower number when it is
 * decoded.
 *
 * Data with a higher number is not changed, and keeps its number when it is written: during a
 * deployment, this version of the app may read data of a newer one.
 */
export function versioned(
  layout: Layout,
  name: string,
  version: number,
  migrate: Migrate | undefined,
  onInvalid: OnInvalid,
): Layout {
  const { codec } = layout

  function versionOf({ meta }: SessionRecord): number {
    const text = meta.get(name)?.text ?? ''
    return /^\d{1,16}$/.test(text) ? Number(text) : 0
  }

  function isOlder(record: SessionRecord): boolean {
    return record.data.size > 0 && versionOf(record) < version
  }

  /** Never throws: rows are also decoded to list and to revoke sessions. */
  function migrated(record: SessionRecord, run: Migrate): void {
    const { data } = record
    const from = versionOf(record)
    try {
      const after = fieldsOf(run(dataOf(data), from))
      data.clear()
      for (const [key, field] of after) data.set(key, field)
    } catch (cause) {
      const isAsync = cause instanceof SessionError && cause.code === 'ERR_SCHEMA_ASYNC'
      const failure = new SessionError('ERR_DATA_INVALID', `version ${from}`, MIGRATE_FAILED)
      const error = isAsync ? cause : withCause(failure, cause)
      const isFatal = isAsync || onInvalid === 'error'
      record.unmigrated = { error, isFatal, stored: copyFields(data) }
      data.clear()
    }
  }

  function dataOf(fields: Fields): Record<string, unknown> {
    return Object.fromEntries([...fields].map(([key, field]) => [key, freshValue(field, codec)]))
  }

  function fieldsOf(data: unknown): Fields {
    if (isThenable(data)) {
      data.then(undefined, () => {})
      throw new SessionError('ERR_SCHEMA_ASYNC', 'The option migrate')
    }
    if (!isObject(data) || !isPlain(data)) throw new TypeError('not a plain object')
    const fields: Fields = new Map()
    for (const [key, value] of Object.entries(data)) {
      if (value !== undefined) fields.set(key, unread(codec.encode(value, key)))
    }
    return fields
  }

  return {
    ...layout,
    encode(record) {
      // Not a copy with a change: a visit that only renews the session stores the data as it was.
      if (record.unmigrated) return layout.encode({ ...record, data: record.unmigrated.stored })
      if (isOlder(record)) record.meta.set(name, unread(String(version)))
      return layout.encode(record)
    },
    decode(text) {
      const record = layout.decode(text)
      if (record && migrate && isOlder(record)) migrated(record, migrate)
      return record
    },
  }
}
