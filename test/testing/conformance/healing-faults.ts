/** Stores whose lists do not heal, or heal too much. */

import { dropKey, gap, type Fault } from './faults.ts'

export const HEALING_FAULTS: readonly Fault[] = [
  [
    'read does not say the epoch',
    ({ store }) => ({
      async read(key) {
        const row = await store.read(key)
        return row && { ...row, epoch: 0 }
      },
    }),
    /read with the epoch of its owner/,
  ],
  [
    'every row is said to be listed',
    ({ store }) => ({
      async read(key) {
        const row = await store.read(key)
        return row && { ...row, isListed: true }
      },
    }),
    /read with the epoch of its owner/,
  ],
  [
    'a row without an owner is not listed',
    ({ store }) => ({
      async read(key) {
        const row = await store.read(key)
        return row && { ...row, isListed: row.owner !== null && row.isListed }
      },
    }),
    /a row without an owner/,
  ],
  [
    'a row is of the owner it was inserted with',
    ({ store, rowOf, listOf }) => {
      const first = new Map<string, string>()
      return {
        insert(key, row) {
          if (row.owner !== null) first.set(key, row.owner)
          return store.insert(key, row)
        },
        async read(key) {
          const row = await store.read(key)
          const { keys, epoch } = listOf(first.get(key) ?? rowOf(key)?.owner ?? '')
          return row && (row.owner === null ? row : { ...row, epoch, isListed: keys.includes(key) })
        },
      }
    },
    /the owner it has now/,
  ],
  [
    'a row is listed if anybody lists it',
    ({ store, lists }) => ({
      async read(key) {
        const row = await store.read(key)
        const isListed = [...lists.values()].some(({ keys }) => keys.includes(key))
        return row && { ...row, isListed: row.isListed || isListed }
      },
    }),
    /the owner it has now/,
  ],
  [
    'a key is looked for in the text of the list',
    ({ store, rowOf, listOf }) => ({
      async read(key) {
        const row = await store.read(key)
        const text = listOf(rowOf(key)?.owner ?? '').keys.join(' ')
        return row && { ...row, isListed: row.owner === null || text.includes(key) }
      },
    }),
    /for a key that is a part of its own/,
  ],
  [
    'a key that is kept moves to the end',
    ({ store, listOf }) => ({
      keep(owner, key, ...rest) {
        dropKey(listOf(owner), key)
        return store.keep(owner, key, ...rest)
      },
    }),
    /a key that is kept stays in its place/,
  ],
  [
    'keep does not put a key back',
    ({ isRevoked, raised }) => ({
      async keep(owner, key, epoch, until) {
        if (isRevoked(owner, key, epoch)) return false
        raised(owner, epoch, until)
        return true
      },
    }),
    /a key that is kept stays in its place; one that was lost/,
  ],
  [
    'keep puts a key back only if there is a list',
    ({ store, lists }) => ({
      keep: async (owner, ...rest) => !lists.has(owner) || store.keep(owner, ...rest),
    }),
    /a key that is kept stays in its place; one that was lost/,
  ],
  [
    'keep puts back who was revoked',
    ({ listOf }) => ({
      async keep(owner, key) {
        const { keys } = listOf(owner)
        if (!keys.includes(key)) keys.push(key)
        return true
      },
    }),
    /a session that was revoked is not put back/,
  ],
  [
    'keep says no, and puts the key back all the same',
    ({ store, listOf }) => ({
      async keep(owner, key, ...rest) {
        const isKept = await store.keep(owner, key, ...rest)
        if (!isKept && !listOf(owner).keys.includes(key)) listOf(owner).keys.push(key)
        return isKept
      },
    }),
    /a session that was revoked is not put back/,
  ],
  [
    'keep takes no epoch into the list',
    ({ isRevoked, listOf }) => ({
      async keep(owner, key, epoch) {
        if (isRevoked(owner, key, epoch)) return false
        const { keys } = listOf(owner)
        if (!keys.includes(key)) keys.push(key)
        return true
      },
    }),
    /an epoch that was lost comes back/,
  ],
  [
    'admit takes no epoch into the list',
    ({ store, isRevoked, listOf }) => ({
      async admit(owner, key, epoch, ...rest) {
        if (isRevoked(owner, key, epoch)) return { admitted: false, why: 'revoked' }
        return store.admit(owner, key, listOf(owner).epoch, ...rest)
      },
    }),
    /an epoch that was lost comes back/,
  ],
  [
    'an epoch that comes back leaves the exception',
    ({ store, listOf }) => ({
      async keep(owner, ...rest) {
        const { except } = listOf(owner)
        const isKept = await store.keep(owner, ...rest)
        listOf(owner).except = except
        return isKept
      },
    }),
    /ends the exception of an earlier revocation/,
  ],
  [
    'a login of the same epoch ends the exception',
    ({ store, listOf }) => ({
      async keep(owner, key, epoch, until) {
        const list = listOf(owner)
        const isKept = await store.keep(owner, key, epoch, until)
        if (epoch >= list.epoch) list.except = undefined
        return isKept
      },
    }),
    /ends the exception of an earlier revocation/,
  ],
  [
    'keep looks at the epoch first, and puts the key back later',
    ({ isRevoked, listOf }) => ({
      async keep(owner, key, epoch) {
        if (isRevoked(owner, key, epoch)) return false
        await gap()
        const { keys } = listOf(owner)
        if (!keys.includes(key)) keys.push(key)
        return true
      },
    }),
    /of lost keys that are kept and a revocation at once/,
  ],
  [
    'keep reads the list, and writes it back later',
    ({ listOf }) => ({
      async keep(owner, key) {
        const before = [...listOf(owner).keys]
        await gap()
        listOf(owner).keys = [...before.filter((other) => other !== key), key]
        return true
      },
    }),
    /many lost keys kept at once/,
  ],
]
