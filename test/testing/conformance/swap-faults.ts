/** Stores that break one promise about swap each. */

import { gap, type Fault } from './faults.ts'

export const SWAP_FAULTS: readonly Fault[] = [
  [
    'swap wins, and reports that it lost',
    ({ store, rowOf }) => ({
      async swap(key, ifWrite, row) {
        await store.swap(key, ifWrite, row)
        return { won: false, newest: rowOf(key) }
      },
    }),
    /a swap replaces the whole row/,
  ],
  [
    'swap lets the last write win',
    ({ rows, rowOf }) => ({
      async swap(key, _ifWrite, row) {
        if (!rowOf(key)) return { won: false, newest: null }
        rows.set(key, row)
        return { won: true }
      },
    }),
    /a swap that names another write loses/,
  ],
  [
    'swap looks first and writes later',
    ({ store, rowOf }) => ({
      async swap(key, ifWrite, row) {
        if (rowOf(key)?.write !== ifWrite) return store.swap(key, ifWrite, row)
        await gap()
        return store.swap(key, rowOf(key)?.write ?? '', row)
      },
    }),
    /of many swaps at once exactly one wins/,
  ],
  [
    'swap inserts where nothing is',
    ({ store, rows }) => ({
      async swap(key, ifWrite, row) {
        if (!rows.has(key)) rows.set(key, row)
        return store.swap(key, ifWrite, row)
      },
    }),
    /a swap never inserts/,
  ],
  [
    'swap brings back what was removed',
    ({ store, rows, rowOf }) => ({
      async swap(key, ifWrite, row) {
        if (rows.has(key) && !rowOf(key)) rows.set(key, row)
        return store.swap(key, ifWrite, row)
      },
    }),
    /a swap after a removal/,
  ],
  [
    'a loser learns nothing',
    ({ store }) => ({
      async swap(key, ifWrite, row) {
        const swap = await store.swap(key, ifWrite, row)
        return swap.won ? swap : { won: false, newest: null }
      },
    }),
    /a swap that names another write loses/,
  ],
  [
    'a loser learns the row from before the race',
    ({ store, rowOf }) => ({
      async swap(key, ifWrite, row) {
        const before = rowOf(key)
        await gap()
        const swap = await store.swap(key, ifWrite, row)
        return swap.won ? swap : { won: false, newest: before }
      },
    }),
    /the others return the row that won/,
  ],
  [
    'a swap that is sent again loses to itself',
    ({ store, rowOf }) => ({
      async swap(key, ifWrite, row) {
        const newest = rowOf(key)
        if (newest?.write === row.write) return { won: false, newest }
        return store.swap(key, ifWrite, row)
      },
    }),
    /a swap that has won before wins again/,
  ],
  [
    'a swap that is sent again is made again',
    ({ store, rows, rowOf }) => ({
      async swap(key, ifWrite, row) {
        if (rowOf(key)?.write === row.write) rows.set(key, row)
        return store.swap(key, ifWrite, row)
      },
    }),
    /a swap that has won before wins again/,
  ],
  [
    'a swap that was built upon is not recognised',
    ({ store, rowOf }) => ({
      async swap(key, ifWrite, row) {
        const newest = rowOf(key)
        if (newest?.recent.includes(row.write)) return { won: false, newest }
        return store.swap(key, ifWrite, row)
      },
    }),
    /a swap that later swaps have built upon/,
  ],
  [
    'a swap that was built upon is made again where it names the newest write',
    ({ store, rows, rowOf }) => ({
      async swap(key, ifWrite, row) {
        const newest = rowOf(key)
        if (newest?.write === ifWrite && newest.recent.includes(row.write)) rows.set(key, row)
        return store.swap(key, ifWrite, row)
      },
    }),
    /a swap that later swaps have built upon/,
  ],
  [
    'other writers are searched as one text',
    ({ store, rowOf }) => ({
      async swap(key, ifWrite, row) {
        if (rowOf(key)?.recent.join().includes(row.write)) return { won: true }
        return store.swap(key, ifWrite, row)
      },
    }),
    /write ids are compared exactly/,
  ],
  [
    'write ids are compared without regard to case',
    ({ store, rowOf }) => ({
      swap(key, ifWrite, row) {
        const is = rowOf(key)?.write ?? ''
        return store.swap(key, is.toLowerCase() === ifWrite.toLowerCase() ? is : ifWrite, row)
      },
    }),
    /write ids are compared exactly/,
  ],
  [
    'swap keeps the old owner',
    ({ store, rowOf }) => ({
      swap: (key, ifWrite, row) =>
        store.swap(key, ifWrite, { ...row, owner: rowOf(key)?.owner ?? null }),
    }),
    /a swap replaces the whole row/,
  ],
  [
    'swap never brings the end nearer',
    ({ store, rowOf }) => ({
      swap(key, ifWrite, row) {
        const expiresAt = Math.max(row.expiresAt, rowOf(key)?.expiresAt ?? 0)
        return store.swap(key, ifWrite, { ...row, expiresAt })
      },
    }),
    /a swap replaces the whole row/,
  ],
]
