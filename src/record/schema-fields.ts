/** Reads and makes fields under the app's schema, if there is one. */

import { type Field, spelled } from './fields.ts'
import type { Layout, SessionRecord } from './record.ts'

/** The field of a key, if there is one and the app's schema accepts it. @throws as `read` */
export function fieldOf(
  { data }: SessionRecord,
  key: string,
  { schema }: Layout,
): Field | undefined {
  const field = data.get(key)
  return field && schema ? schema.read(field, key) : field
}

/** Makes the field of a value that the app has computed or changed in place. @throws as `write` */
export function writtenField(value: unknown, key: string, { codec, schema }: Layout): Field {
  return schema ? schema.write(value, key) : spelled(value, key, codec)
}
