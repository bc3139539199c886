/** Reads that wait for their turn share a call: the turn of the first one reads the rows of all. */

import type { CallQueue, SentCall } from './call-queue.ts'
import type { FoundRow } from './store.ts'

/** How many reads share a call at most. */
const MOST = 64

type Rows = readonly (FoundRow | null)[]

/** The reads that wait for one turn, and what it will read: no rows if each has to be read alone. */
interface Group {
  readonly keys: string[]
  readonly rows: Promise<Rows>
}

/**
 * Makes the function that reads a row: alone if there is room in the queue, otherwise together with
 * others that wait.
 *
 * If a shared call fails, each of its rows is read alone, since a single row may be the reason. After
 * its deadline none is: all of them have then waited long enough.
 *
 * @param alone reads one row, as the call that was sent.
 * @param together reads several rows: for each key what `alone` does, in the same order.
 */
export function sharedReads(
  queue: CallQueue,
  alone: (key: string, call?: SentCall) => Promise<FoundRow | null>,
  together: (keys: readonly string[], call: SentCall) => Promise<Rows>,
): (key: string) => Promise<FoundRow | null> {
  /** Further reads join it until its turn comes. */
  let open: Group | undefined

  function begin(turn: Promise<SentCall>): Group {
    const keys: string[] = []
    const close = () => {
      if (open === group) open = undefined
      queue.unjoin(keys.length - 1)
    }
    const rows = turn.then(
      (call) => {
        close()
        return readAll(keys, call)
      },
      (error: unknown) => {
        close()
        throw error
      },
    )
    const group: Group = { keys, rows }
    return group
  }

  async function readAll(keys: readonly string[], call: SentCall): Promise<Rows> {
    if (keys.length === 1) return [await alone(keys[0]!, call)]
    try {
      const rows: unknown = await together(keys, call)
      return Array.isArray(rows) ? rows : []
    } catch (error) {
      if (call.isLate) throw error
      return []
    }
  }

  async function rowOf(key: string, { keys, rows }: Group): Promise<FoundRow | null> {
    const at = keys.push(key) - 1
    const row = (await rows)[at]
    // If the store has returned too few rows, that does not say that there is no session.
    return row === undefined ? alone(key) : row
  }

  return (key) => {
    if (open !== undefined && open.keys.length < MOST) {
      return queue.join('read') ?? rowOf(key, open)
    }
    const entered = queue.enter('read')
    if (!(entered instanceof Promise)) return alone(key, entered)
    open = begin(entered)
    return rowOf(key, open)
  }
}
