/** Stores that break one promise about insert, touch or remove each. */

import { gap, type Fault } from './faults.ts'

export const INSERT_FAULTS: readonly Fault[] = [
  [
    'insert overwrites',
    ({ rows }) => ({ insert: async (key, row) => Boolean(rows.set(key, row)) }),
    /insert wins only where no row is/,
  ],
  [
    'insert always says it won',
    ({ store }) => ({ insert: async (key, row) => (await store.insert(key, row)) || true }),
    /insert wins only where no row is/,
  ],
  [
    'insert looks first and writes later',
    ({ rows }) => ({
      async insert(key, row) {
        if (rows.has(key)) return false
        await gap()
        return Boolean(rows.set(key, row))
      },
    }),
    /of many inserts of one key at once/,
  ],
  [
    'insert replaces a row that is over',
    ({ store, rows, rowOf, clock }) => ({
      insert(key, row) {
        if ((rowOf(key)?.expiresAt ?? clock()) < clock()) rows.delete(key)
        return store.insert(key, row)
      },
    }),
    /an expired row is still returned/,
  ],
  [
    'read hides a row that is over',
    ({ store, rowOf, clock }) => ({
      read: async (key) => ((rowOf(key)?.expiresAt ?? 0) > clock() ? store.read(key) : null),
    }),
    /an expired row is still returned/,
  ],
  [
    'reading leaves something behind',
    ({ store, rows, clock }) => ({
      async read(key) {
        if (!rows.has(key)) rows.set(key, { removedAt: clock() })
        return store.read(key)
      },
    }),
    /a key that was never used/,
  ],
  [
    'the row that is given is kept itself',
    ({ store, rows }) => ({
      async insert(key, row) {
        const isNew = await store.insert(key, row)
        if (isNew) rows.set(key, row)
        return isNew
      },
    }),
    /a row object that is changed/,
  ],
  [
    'the row that is kept is given away itself',
    ({ rowOf }) => ({
      async read(key) {
        const row = rowOf(key)
        return row && Object.assign(row, { epoch: 0, isListed: true })
      },
    }),
    /a row object that is changed/,
  ],
  [
    'answers to calls at once are mixed up',
    ({ store }) => {
      let last = ''
      return {
        async read(key) {
          last = key
          await gap()
          return store.read(last)
        },
      }
    },
    /many keys written at once do not mix/,
  ],
  [
    'the other writers are not kept',
    ({ store }) => ({ insert: (key, row) => store.insert(key, { ...row, recent: [] }) }),
    /an inserted row is read back whole/,
  ],
  [
    'only the newest sixteen of the other writers are kept',
    ({ store }) => ({
      swap: (key, ifWrite, row) =>
        store.swap(key, ifWrite, { ...row, recent: row.recent.slice(0, 16) }),
    }),
    /a swap that later swaps have built upon/,
  ],
]

export const TOUCH_FAULTS: readonly Fault[] = [
  [
    'touch inserts',
    ({ store, rows, clock }) => ({
      async touch(key, expiresAt) {
        const row = { write: 'w', recent: [], expiresAt, owner: null, body: `${clock()}` }
        if (!rows.has(key)) rows.set(key, row)
        return store.touch(key, expiresAt)
      },
    }),
    /a touch never inserts/,
  ],
  [
    'touch brings the end nearer',
    ({ rows, rowOf }) => ({
      async touch(key, expiresAt) {
        const row = rowOf(key)
        if (row) rows.set(key, { ...row, expiresAt })
        return row !== null
      },
    }),
    /a touch never makes a row expire earlier/,
  ],
  [
    'touch says no where it had nothing to raise',
    ({ store, rowOf }) => ({
      touch: async (key, expiresAt) =>
        (rowOf(key)?.expiresAt ?? 0) < expiresAt && store.touch(key, expiresAt),
    }),
    /a touch never makes a row expire earlier/,
  ],
  [
    'touch is a write',
    ({ store, rows, rowOf }) => ({
      async touch(key, expiresAt) {
        const row = rowOf(key)
        if (row) rows.set(key, { ...row, write: `${row.write}t`, recent: [row.write] })
        return store.touch(key, expiresAt)
      },
    }),
    /a touch makes a row expire later, and changes nothing else/,
  ],
  [
    'touch writes back the row it read before',
    ({ rows, rowOf }) => ({
      async touch(key, expiresAt) {
        const row = rowOf(key)
        await gap()
        if (row && expiresAt > row.expiresAt) rows.set(key, { ...row, expiresAt })
        return row !== null
      },
    }),
    /swaps among many touches/,
  ],
  [
    'touch finds what was removed',
    ({ store, rows }) => ({
      touch: async (key, expiresAt) => (await store.touch(key, expiresAt)) || rows.has(key),
    }),
    /a touch after a removal/,
  ],
]

export const REMOVAL_FAULTS: readonly Fault[] = [
  [
    'remove leaves no tombstone',
    ({ rows }) => ({ remove: async (key) => rows.delete(key) }),
    /where a row was removed read and swap see nothing/,
  ],
  [
    'remove leaves no tombstone where nothing was',
    ({ store, rowOf }) => ({ remove: async (key) => rowOf(key) !== null && store.remove(key) }),
    /removing a key that held nothing/,
  ],
  [
    'remove says that there always was a row',
    ({ store }) => ({ remove: async (key) => (await store.remove(key)) || true }),
    /removing a key that held nothing/,
  ],
  [
    'remove looks first and removes later',
    ({ store, rowOf }) => ({
      async remove(key) {
        const had = rowOf(key) !== null
        await gap()
        await store.remove(key)
        return had
      },
    }),
    /of many removals at once exactly one/,
  ],
  [
    'remove takes what begins alike',
    ({ store, rows, clock }) => ({
      remove(key) {
        for (const other of rows.keys()) {
          if (other !== key && other.startsWith(key)) rows.set(other, { removedAt: clock() })
        }
        return store.remove(key)
      },
    }),
    /a removed row is gone, and its neighbours stay/,
  ],
]
