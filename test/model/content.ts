/** What the requests of the model leave in a row, as the oracle reads it. */

import { decodeEntry } from '../../src/backends/stored/entry.ts'
import { layoutWith } from '../../src/session/setup/own-preset.ts'
import { type SessionRecord, userIdOf, waitingItems } from '../../src/record/record.ts'
import type { Row } from '../../src/backends/stored/store.ts'

/** A row's content. Items are what requests wrote, each with a name of its own. */
export interface Content {
  readonly user: string | undefined
  /** The attempt that signed in last. */
  readonly login: string | undefined
  /** Appended by updates, in their order. */
  readonly log: readonly string[]
  /** Written by `set`, each under its own key. */
  readonly keys: readonly string[]
  readonly flashes: readonly string[]
  /** The one-time token that waits to be spent. */
  readonly token: string | undefined
  /** The hash of the verifier that opens it. */
  readonly verifier: string
  /** The epoch of its login. */
  readonly epoch: number
  /** When that verifier was made, in milliseconds: before a swap that had to be sent again. */
  readonly issuedAt: number
}

/** What a record holds of it. */
export type RecordContent = Omit<Content, 'verifier' | 'epoch' | 'issuedAt'>

const layout = layoutWith([])
const contents = new WeakMap<Row, Content>()

/** Reads a row. @throws where it is none, or another session's. */
export function contentOf(key: string, row: Row): Content {
  const known = contents.get(row)
  if (known) return known
  const entry = decodeEntry(key, row, { layout })
  if (!entry) throw new Error(`The row under ${key} cannot be read.`)
  const { verifier, epoch, issued } = entry
  const ids = { verifier, epoch, issuedAt: issued * 1000 }
  const content = { ...recordContent(entry.record), ...ids }
  contents.set(row, content)
  return content
}

/** Reads a record. */
export function recordContent(record: SessionRecord): RecordContent {
  const value = (key: string): unknown => {
    const text = record.data.get(key)?.text
    return text === undefined ? undefined : JSON.parse(text)
  }
  return {
    user: userIdOf(record, layout),
    login: value('login') as string | undefined,
    log: (value('log') as string[] | undefined) ?? [],
    keys: [...record.data.keys()].filter((key) => key.startsWith('k:')),
    flashes: waitingItems(record, layout).map((item) => (item as [string, string])[1]),
    token: value('token') as string | undefined,
  }
}

/** All items of a content. */
export function itemsOf({ log, keys, flashes }: RecordContent): string[] {
  return [...log, ...keys, ...flashes]
}
