/** Stores whose revocations do not hold, or end what they should not. */

import type { StoreVerbs } from '../../../src/backends/stored/store.ts'
import { gap, type Fault } from './faults.ts'
import type { Plain } from './plain-store.ts'

export const EPOCH_FAULTS: readonly Fault[] = [
  [
    'who is refused is listed all the same',
    ({ store, listOf }) => ({
      async admit(owner, key, ...rest) {
        const admission = await store.admit(owner, key, ...rest)
        if (!admission.admitted) listOf(owner).keys.push(key)
        return admission
      },
    }),
    /a login of a lower epoch/,
  ],
  [
    'revocations are not stored',
    ({ store }) => ({
      revoke: async (owner, epoch) => ({ epoch, keys: await store.list(owner) }),
    }),
    /a login of a lower epoch/,
  ],
  [
    'a login of the very epoch of the revocation is refused',
    ({ store }) => ({
      admit: (owner, key, epoch, ...rest) => store.admit(owner, key, epoch - 1, ...rest),
    }),
    /a login of a lower epoch/,
  ],
  [
    'a revoked login that is in the list is let in again',
    ({ store, listOf }) => ({
      async admit(owner, key, ...rest) {
        if (listOf(owner).keys.includes(key)) return { admitted: true, over: [] }
        return store.admit(owner, key, ...rest)
      },
    }),
    /a login of a lower epoch/,
  ],
  [
    'a refused login raises the epoch by one',
    ({ store, listOf }) => ({
      async admit(owner, ...rest) {
        const admission = await store.admit(owner, ...rest)
        if (!admission.admitted) listOf(owner).epoch += 1
        return admission
      },
    }),
    /a login of a lower epoch/,
  ],
  [
    'the epoch given last counts, not the highest',
    ({ store, listOf }) => ({
      async revoke(owner, ...rest) {
        listOf(owner).epoch = 0
        return store.revoke(owner, ...rest)
      },
    }),
    /of the same or a lower epoch changes nothing/,
  ],
  [
    'a revocation of the same epoch replaces the exception',
    ({ store, listOf }) => ({
      async revoke(owner, epoch, until, except) {
        if (epoch === listOf(owner).epoch) listOf(owner).except = except
        return store.revoke(owner, epoch, until, except)
      },
    }),
    /of the same or a lower epoch changes nothing/,
  ],
  [
    'a revocation of a lower epoch replaces the exception',
    ({ store, listOf }) => ({
      async revoke(owner, epoch, until, except) {
        const list = listOf(owner)
        const revoked = await store.revoke(owner, epoch, until, except)
        list.except = except
        return revoked
      },
    }),
    /a revocation executed late/,
  ],
  [
    'a revocation that changes nothing returns no keys',
    ({ store, listOf }) => ({
      async revoke(owner, epoch, ...rest) {
        const { keys } = listOf(owner)
        const isHigher = epoch > listOf(owner).epoch
        const revoked = await store.revoke(owner, epoch, ...rest)
        return isHigher ? { ...revoked, keys } : { ...revoked, keys: [] }
      },
    }),
    /of the same or a lower epoch changes nothing/,
  ],
  [
    'a revocation returns the epoch that was asked for',
    ({ store }) => ({
      revoke: async (owner, epoch, ...rest) => ({
        ...(await store.revoke(owner, epoch, ...rest)),
        epoch,
      }),
    }),
    /of the same or a lower epoch changes nothing/,
  ],
  [
    'a revocation empties the list',
    ({ store, listOf }) => ({
      async revoke(owner, ...rest) {
        const revoked = await store.revoke(owner, ...rest)
        listOf(owner).keys = []
        return revoked
      },
    }),
    /of the same or a lower epoch changes nothing/,
  ],
  [
    'a revocation is stored only where there is a list',
    ({ store, listOf }) => ({
      revoke: async (owner, ...rest) =>
        listOf(owner).keys.length > 0 ? store.revoke(owner, ...rest) : { epoch: rest[0], keys: [] },
    }),
    /owner without a list is stored all the same/,
  ],
  [
    'the epoch goes with the last key',
    ({ store, lists, listOf }) => ({
      async forget(owner, keys) {
        await store.forget(owner, keys)
        if (listOf(owner).keys.length === 0) lists.delete(owner)
      },
    }),
    /an epoch outlives the keys/,
  ],
  [
    'a revocation lists first and is stored later',
    ({ store, listOf }) => ({
      async revoke(owner, ...rest) {
        const keys = [...listOf(owner).keys]
        await gap()
        return { ...(await store.revoke(owner, ...rest)), keys }
      },
    }),
    /of logins and a revocation at once/,
  ],
  ...(
    [
      ['32 bits', (epoch) => epoch | 0],
      ['single precision', Math.fround],
      ['15 digits', (epoch) => Number(epoch.toPrecision(15))],
    ] satisfies [string, (epoch: number) => number][]
  ).map(([how, change]): Fault => [
    `epochs have ${how}`,
    ({ store }) => ({
      revoke: (owner, epoch, ...rest) => store.revoke(owner, change(epoch), ...rest),
    }),
    /exact up to 2\^53 - 1/,
  ]),
  [
    'epochs are compared as texts',
    ({ store, listOf }) => ({
      revoke: async (owner, epoch, ...rest) =>
        `${epoch}` > `${listOf(owner).epoch}`
          ? store.revoke(owner, epoch, ...rest)
          : { epoch: listOf(owner).epoch, keys: [...listOf(owner).keys] },
    }),
    /epochs are compared as numbers/,
  ],
  [
    'the exception is not stored',
    ({ store }) => ({
      revoke: (owner, epoch, until) => store.revoke(owner, epoch, until, undefined),
    }),
    /the key that a revocation excepts/,
  ],
  [
    'read does not know of the exception',
    ({ store, rowOf, listOf }) => ({
      async read(key) {
        const row = await store.read(key)
        return row && { ...row, epoch: listOf(rowOf(key)?.owner ?? '').epoch }
      },
    }),
    /the key that a revocation excepts/,
  ],
  [
    'a keep of the excepted key lowers the epoch',
    ({ store, listOf }) => ({
      async keep(owner, key, epoch, until) {
        if (listOf(owner).except === key) listOf(owner).epoch = epoch
        return store.keep(owner, key, epoch, until)
      },
    }),
    /the key that a revocation excepts/,
  ],
  [
    'only a key that is listed can be excepted',
    ({ store, listOf }) => ({
      revoke(owner, epoch, until, except = '') {
        const isIn = listOf(owner).keys.includes(except)
        return store.revoke(owner, epoch, until, isIn ? except : undefined)
      },
    }),
    /a key that the list has lost, or not had yet/,
  ],
  ['exceptions pile up', exceptionsOfAllOwners, /replaces the exception of the one before/],
  [
    'a revocation without an exception leaves the last one',
    ({ store, listOf }) => ({
      revoke: (owner, epoch, until, except) =>
        store.revoke(owner, epoch, until, except ?? listOf(owner).except),
    }),
    /replaces the exception of the one before/,
  ],
  ['an exception is of every owner', exceptionsOfAllOwners, /an exception is of its owner alone/],
]

/** Admits each key that any revocation of any owner has excepted. */
function exceptionsOfAllOwners({ store, listOf }: Plain): Partial<StoreVerbs> {
  const all = new Set<string>()
  return {
    revoke(owner, epoch, until, except) {
      if (except !== undefined) all.add(except)
      return store.revoke(owner, epoch, until, except)
    },
    admit(owner, key, epoch, ...rest) {
      return store.admit(owner, key, all.has(key) ? listOf(owner).epoch : epoch, ...rest)
    },
  }
}
