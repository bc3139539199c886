/** The ids of writes: the name of the writer, and a number. */

import { encodeBase64url } from '../../base/bytes.ts'
import type { Random } from '../../base/ports.ts'
import type { Row } from './store.ts'

/**
 * The writer of one process. A row only has the last write of each writer, which is enough to tell
 * whether a swap was executed: a writer sends one swap of a session at a time.
 */
export interface Writer {
  /** An id that no other write has. */
  newWrite(): string
  /** The write that follows a row's, and the last one of each other writer. */
  writeAfter(row: Row): Pick<Row, 'write' | 'recent'>
  /** Whether a row is this writer's own. */
  hasWritten(row: Row): boolean
}

/** A row has the last write of this many other writers. */
const MAX_RECENT = 32

/** Makes a writer with a unique name. */
export function newWriter(random: Random): Writer {
  const prefix = `${encodeBase64url(random(9))}.`
  let writes = 0
  const newWrite = () => `${prefix}${(++writes).toString(36)}`
  return {
    newWrite,
    writeAfter({ write, recent }) {
      const others = [write, ...recent].filter((id) => !id.startsWith(prefix))
      return { write: newWrite(), recent: others.slice(0, MAX_RECENT) }
    },
    hasWritten: ({ write }) => write.startsWith(prefix),
  }
}
