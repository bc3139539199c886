/** Opens the session of a cookie in another library's store: the first cookie that is valid. */

import type { SessionRecord } from '../../record/record.ts'
import type { Rejection } from '../backend.ts'
import type { ForeignOpened, ForeignRules } from './foreign-rules.ts'
import type { ForeignEntry, ForeignStore } from './foreign-store.ts'

/** How many cookies of one request are looked up at most. */
const MAX_READS = 8

/** The steps of opening, which a commit uses as well. */
export interface ForeignOpener {
  /** Opens the session of the first value that is valid. */
  openFirst(sent: readonly string[], now: number): Promise<ForeignOpened>
  /** Reads the session under an id; returns why it is not accepted otherwise. */
  find(
    id: string,
    now: number,
  ): Promise<Pick<ForeignOpened, 'record' | 'seen' | 'slot'> | Rejection>
  /** Decodes the record of an entry; `undefined` if it is invalid. */
  decoded(id: string, entry: ForeignEntry): SessionRecord | undefined
}

/** Makes the opener. `store` is that of `withDeadline`. */
export function foreignOpener(
  { ids, layout, lifetime, idKey }: ForeignRules,
  store: ForeignStore,
): ForeignOpener {
  async function openFirst(sent: readonly string[], now: number): Promise<ForeignOpened> {
    const presented = [...new Set(sent)]
    const rejected: Rejection[] = []
    const values = presented.slice(0, MAX_READS)
    for (const [at, value] of values.entries()) {
      const parsed = ids.parse(value)
      const found = typeof parsed === 'string' ? parsed : await find(parsed.id, now)
      if (typeof found === 'string') rejected.push(found)
      else {
        const { key } = parsed as { key: number }
        const others = idsOf(values.slice(at + 1)).filter((id) => id !== found.slot?.id)
        const opened = { ...nobody(presented, rejected), ...found, others, verified: 1 }
        return { ...opened, key, isOutdated: key > 0 }
      }
    }
    return nobody(presented, rejected)
  }

  function idsOf(values: readonly string[]): string[] {
    return values.flatMap((value) => {
      const parsed = ids.parse(value)
      return typeof parsed === 'string' ? [] : [parsed.id]
    })
  }

  async function find(
    id: string,
    now: number,
  ): Promise<Pick<ForeignOpened, 'record' | 'seen' | 'slot'> | Rejection> {
    const entry = await store.read(id)
    if (entry === undefined) return 'gone'
    const record = entry === 'corrupt' ? undefined : decoded(id, entry)
    if (!record) return 'corrupt'
    const why = lifetime.ended(record, entry as ForeignEntry, now)
    if (why) return why
    return { record, seen: Math.floor(now / 1000), slot: { id, entry: entry as ForeignEntry } }
  }

  function decoded(id: string, { text }: ForeignEntry): SessionRecord | undefined {
    const record = layout.decode(text)
    if (record && idKey !== undefined) {
      record.data.set(idKey, { text: layout.codec.encode(id, idKey) })
    }
    return record
  }

  return { openFirst, find, decoded }
}

/** The result for a visitor without a session. */
export function nobody(
  presented: readonly string[],
  rejected: readonly Rejection[],
): ForeignOpened {
  return {
    record: undefined,
    hasCookie: presented.length > 0,
    presented,
    rejected,
    verified: 0,
    seen: 0,
    key: 0,
    isOutdated: false,
    slot: undefined,
    others: [],
  }
}
