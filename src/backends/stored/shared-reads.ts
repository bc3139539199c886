/** Reads that wait for their turn share a call: the turn of the first one reads the rows of all. */

import type { Clock } from '../../base/ports.ts'
import type { CallQueue, SentCall } from './call-queue.ts'
import type { FoundRow } from './store.ts'

/** How many reads share a call at most. */
const MOST = 16

/** What was read for a key: its row, nothing, or why it could not be read. */
export type Outcome = FoundRow | null | { readonly failure: unknown }

/** The reads that wait for one turn. */
interface Group {
  readonly keys: string[]
  /** When the first one began to wait. */
  readonly since: number
  readonly rows: Promise<readonly Outcome[]>
}

interface SharedReadsParts {
  queue: CallQueue
  /** Reads one row, as the call that was sent. */
  alone(key: string, call?: SentCall): Promise<FoundRow | null>
  /** Reads several rows, in the order of the keys. */
  together(keys: readonly string[], call: SentCall): Promise<readonly Outcome[]>
  clock: Clock
  /**
   * How long a group is open, in milliseconds. The turn that its first read waits for is refused after a
   * bounded time, and with it those that joined later.
   */
  openFor: number
}

/**
 * Makes the function that reads a row: alone if there is room in the queue, otherwise together with
 * others that wait.
 *
 * Only a read of its own, made by its own request, says that a session does not exist.
 */
export function sharedReads({ queue, alone, together, clock, openFor }: SharedReadsParts) {
  let latest: Group | undefined

  function isOpen({ keys, since }: Group): boolean {
    return keys.length < MOST && Math.abs(clock() - since) < openFor
  }

  function begin(turn: Promise<SentCall>): Group {
    const keys: string[] = []
    const close = (isRefused: boolean) => {
      if (latest === group) latest = undefined
      queue.unjoin(keys.length - 1, isRefused)
    }
    const rows = turn.then(
      async (call) => {
        close(false)
        return keys.length === 1 ? [await alone(keys[0]!, call)] : together(keys, call)
      },
      (error: unknown) => {
        close(true)
        throw error
      },
    )
    const group: Group = { keys, since: clock(), rows }
    return group
  }

  async function rowOf(key: string, { keys, rows }: Group): Promise<FoundRow | null> {
    const at = keys.push(key) - 1
    const row = (await rows)[at] ?? null
    if (row !== null && 'failure' in row) throw row.failure
    return row === null && keys.length > 1 ? alone(key) : row
  }

  return (key: string): Promise<FoundRow | null> => {
    if (latest !== undefined && isOpen(latest)) return queue.join('read') ?? rowOf(key, latest)
    const entered = queue.enter('read')
    if (!(entered instanceof Promise)) return alone(key, entered)
    latest = begin(entered)
    return rowOf(key, latest)
  }
}
