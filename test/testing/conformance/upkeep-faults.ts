/** Stores that list, prune or forget wrongly. */

import { GARBAGE_MS } from '../../../src/backends/stored/store.ts'
import type { Fault } from './faults.ts'

export const UPKEEP_FAULTS: readonly Fault[] = [
  [
    'keys names tombstones',
    ({ rows }) => ({
      async *keys() {
        yield [...rows.keys()]
      },
    }),
    /a removed row is gone/,
  ],
  [
    'keys leaves out rows that are over',
    ({ rows, rowOf, clock }) => ({
      async *keys() {
        yield [...rows.keys()].filter((key) => (rowOf(key)?.expiresAt ?? 0) > clock())
      },
    }),
    /keys returns every key that has a row/,
  ],
  [
    'keys stops after the first thousand',
    ({ rows, rowOf }) => ({
      async *keys() {
        yield [...rows.keys()].filter(rowOf).slice(0, 1000)
      },
    }),
    /keys returns every key that has a row/,
  ],
  [
    'keys pages by offset while rows go',
    ({ rows, rowOf }) => ({
      async *keys() {
        for (let at = 0; at < rows.size; at += 100) {
          yield [...rows.keys()].filter(rowOf).slice(at, at + 100)
        }
      },
    }),
    /rows removed batch by batch/,
  ],
  [
    'prune takes rows as soon as they are over',
    ({ rows, rowOf, clock }) => ({
      async prune() {
        const over = [...rows.keys()].filter((key) => (rowOf(key)?.expiresAt ?? 1e15) < clock())
        for (const key of over) rows.delete(key)
        return over.length
      },
    }),
    /prune deletes nothing that expired less/,
  ],
  [
    'prune takes tombstones at once',
    ({ rows, rowOf }) => ({
      async prune() {
        for (const key of rows.keys()) if (!rowOf(key)) rows.delete(key)
        return 0
      },
    }),
    /prune deletes nothing that expired less/,
  ],
  [
    'prune always says that it did what it was told',
    ({ store }) => ({ prune: async (limit) => (await store.prune(limit)) && limit }),
    /prune works in batches/,
  ],
  [
    'prune counts what is not there',
    ({ store }) => ({ prune: async (limit) => (await store.prune(limit)) + 1 }),
    /an empty store has no keys/,
  ],
  [
    'prune minds no limit',
    ({ store }) => ({ prune: () => store.prune(1000) }),
    /prune works in batches/,
  ],
  [
    'prune leaves everything',
    () => ({ prune: async () => 0 }),
    /an expired row is returned for two minutes more/,
  ],
  [
    'a nearer touch lets a row be collected sooner',
    ({ store, rows, clock }) => {
      const ends = new Map<string, number>()
      return {
        touch(key, expiresAt) {
          ends.set(key, expiresAt)
          return store.touch(key, expiresAt)
        },
        async prune(limit) {
          for (const [key, end] of ends) if (end + GARBAGE_MS <= clock()) rows.delete(key)
          return store.prune(limit)
        },
      }
    },
    /a touch to an earlier time/,
  ],
  [
    'a row is collected by the end it was inserted with',
    ({ store, rows, rowOf, clock }) => {
      const ends = new Map<string, number>()
      return {
        insert: (key, row) => store.insert(key, (ends.set(key, row.expiresAt), row)),
        async prune() {
          for (const [key, end] of ends) {
            if (rowOf(key) && end + GARBAGE_MS < clock()) rows.delete(key)
          }
          return 0
        },
      }
    },
    /a row lives as long as its last touch or swap says/,
  ],
  ['the engine has no name', () => ({ engine: '' }), /the store names its engine/],
]

export const FORGETTING_FAULTS: readonly Fault[] = [
  [
    'keep shortens',
    ({ listOf }) => ({
      async keep(owner, _key, _epoch, until) {
        listOf(owner).until = until
        return true
      },
    }),
    /an owner's list expires at the latest time/,
  ],
  [
    'keep does nothing',
    () => ({ keep: async () => true }),
    /an owner's list expires at the latest time/,
  ],
  [
    'a keep of a session that was revoked lets the list live longer',
    ({ store, raised }) => ({
      async keep(owner, key, epoch, until) {
        const isKept = await store.keep(owner, key, epoch, until)
        raised(owner, 0, until)
        return isKept
      },
    }),
    /refused does not let the list live longer/,
  ],
  [
    'the next login shortens the life of the list',
    ({ store, listOf }) => ({
      admit(owner, ...rest) {
        listOf(owner).until = 0
        return store.admit(owner, ...rest)
      },
    }),
    /an owner's list expires at the latest time/,
  ],
  [
    'a revocation shortens the life of the list',
    ({ store, listOf }) => ({
      revoke(owner, ...rest) {
        listOf(owner).until = 0
        return store.revoke(owner, ...rest)
      },
    }),
    /an owner's list expires at the latest time/,
  ],
  [
    'lists are never forgotten',
    ({ store }) => ({
      admit: (owner, key, epoch, _until, limit) => store.admit(owner, key, epoch, 1e15, limit),
    }),
    /an owner's list expires at the latest time/,
  ],
  [
    'an entry goes with the time of its login',
    ({ store, listOf, clock }) => {
      const untils = new Map<string, number>()
      return {
        admit(owner, key, epoch, until, limit) {
          untils.set(key, until)
          return store.admit(owner, key, epoch, until, limit)
        },
        async prune(limit) {
          const list = listOf('mona')
          list.keys = list.keys.filter((key) => untils.get(key)! > clock())
          return store.prune(limit)
        },
      }
    },
    /a session in use stays in its list/,
  ],
  [
    'a list without keys loses its epoch',
    ({ store, lists }) => ({
      async prune(limit) {
        for (const [owner, { keys }] of lists) if (keys.length === 0) lists.delete(owner)
        return store.prune(limit)
      },
    }),
    /an epoch lives for as long as its revocation says/,
  ],
  [
    'prune takes the epoch of an owner a day after the revocation',
    ({ store, listOf, clock }) => {
      let revokedAt = Infinity
      return {
        revoke: (...given) => ((revokedAt = clock()), store.revoke(...given)),
        async prune(limit) {
          if (clock() > revokedAt + 86_400_000) listOf('mona').epoch = 0
          return store.prune(limit)
        },
      }
    },
    /an epoch lives for as long as its revocation says/,
  ],
]
