/** Stores that break one promise about owners each. */

import { gap, type Fault } from './faults.ts'

export const OWNER_FAULTS: readonly Fault[] = [
  [
    'admit reads the list, and writes it back later',
    ({ listOf }) => ({
      async admit(owner, key) {
        const before = [...listOf(owner).keys]
        await gap()
        listOf(owner).keys = [...before.filter((other) => other !== key), key]
        return { admitted: true, over: [] }
      },
    }),
    /many keys admitted at once/,
  ],
  [
    'admit refuses first and admits later',
    ({ store, listOf }) => ({
      async admit(owner, key, calledAt, until, limit) {
        const isFull = limit?.refuse && listOf(owner).keys.length >= limit.most
        if (isFull || !limit?.refuse) return store.admit(owner, key, calledAt, until, limit)
        await gap()
        return store.admit(owner, key, calledAt, until)
      },
    }),
    /admits exactly as many as it says/,
  ],
  [
    'a key that is admitted again is listed twice',
    ({ listOf }) => ({
      async admit(owner, key) {
        listOf(owner).keys.push(key)
        return { admitted: true, over: [] }
      },
    }),
    /a key that is admitted again keeps its place/,
  ],
  [
    'a key that is admitted again moves to the end',
    ({ store, listOf }) => ({
      admit(owner, key, ...rest) {
        const list = listOf(owner)
        list.keys = list.keys.filter((other) => other !== key)
        return store.admit(owner, key, ...rest)
      },
    }),
    /a key that is admitted again keeps its place/,
  ],
  [
    'the list is in the order of the alphabet',
    ({ store }) => ({ list: async (...given) => (await store.list(...given)).sort() }),
    /listed in the order they were admitted/,
  ],
  [
    'owners are compared without regard to case',
    ({ store }) => ({
      admit: (owner, ...rest) => store.admit(owner.toLowerCase(), ...rest),
      list: (owner, ...rest) => store.list(owner.toLowerCase(), ...rest),
    }),
    /listed in the order they were admitted, each owner apart/,
  ],
  [
    'the limit is one too high',
    ({ store }) => ({
      admit: (owner, key, calledAt, until, limit) =>
        store.admit(owner, key, calledAt, until, limit && { ...limit, most: limit.most + 1 }),
    }),
    /over the limit the newcomer is admitted/,
  ],
  [
    'a limit that refuses is one too low',
    ({ store }) => ({
      admit(owner, key, calledAt, until, limit) {
        const low = limit?.refuse ? { ...limit, most: limit.most - 1 } : limit
        return store.admit(owner, key, calledAt, until, low)
      },
    }),
    /where the limit refuses/,
  ],
  [
    'a full list refuses the keys that are in it',
    ({ store, listOf }) => ({
      async admit(owner, key, calledAt, until, limit) {
        const isFull = limit?.refuse && listOf(owner).keys.length >= limit.most
        if (isFull) return { admitted: false, why: 'limit' }
        return store.admit(owner, key, calledAt, until, limit)
      },
    }),
    /where the limit refuses/,
  ],
  [
    'keys over the limit are taken off at once',
    ({ store }) => ({
      async admit(owner, ...rest) {
        const admission = await store.admit(owner, ...rest)
        if (admission.admitted) await store.forget(owner, admission.over)
        return admission
      },
    }),
    /the oldest are named but stay listed/,
  ],
  [
    'the newcomer itself is named',
    ({ store, listOf }) => ({
      async admit(owner, key, calledAt, until, limit) {
        const admission = await store.admit(owner, key, calledAt, until, limit)
        if (!admission.admitted || !limit || limit.refuse) return admission
        const { keys } = listOf(owner)
        return { admitted: true, over: keys.slice(0, Math.max(0, keys.length - limit.most)) }
      },
    }),
    /is never named as over the limit/,
  ],
  [
    'who is refused is listed all the same',
    ({ store, listOf }) => ({
      async admit(owner, key, ...rest) {
        const admission = await store.admit(owner, key, ...rest)
        if (!admission.admitted) listOf(owner).keys.push(key)
        return admission
      },
    }),
    /called before the last revocation/,
  ],
  [
    'revocations are not noted',
    ({ store }) => ({ list: (owner) => store.list(owner) }),
    /called before the last revocation/,
  ],
  [
    'a login in the very millisecond of the revocation is let in',
    ({ store }) => ({
      admit: (owner, key, calledAt, ...rest) => store.admit(owner, key, calledAt + 1, ...rest),
    }),
    /called before the last revocation, or with it/,
  ],
  [
    'the revocation given last counts, not the latest',
    ({ store, listOf }) => ({
      async list(owner, revoking) {
        if (revoking !== undefined) listOf(owner).revoked = 0
        return store.list(owner, revoking)
      },
    }),
    /the latest revocation counts/,
  ],
  [
    'a plain list forgets the revocation',
    ({ store, listOf }) => ({
      async list(owner, revoking) {
        if (revoking === undefined) listOf(owner).revoked = 0
        return store.list(owner, revoking)
      },
    }),
    /the latest revocation counts/,
  ],
  [
    'a revocation is noted only where there is a list',
    ({ store, listOf }) => ({
      list: (owner, revoking) =>
        store.list(owner, listOf(owner).keys.length > 0 ? revoking : undefined),
    }),
    /owner without a list is noted all the same/,
  ],
  [
    'a revocation lists first and notes later',
    ({ store }) => ({
      async list(owner, revoking) {
        const keys = await store.list(owner)
        await gap()
        if (revoking !== undefined) await store.list(owner, revoking)
        return keys
      },
    }),
    /either listed by it or refused/,
  ],
  [
    'a revoked login that is in the list is let in again',
    ({ store, listOf }) => ({
      async admit(owner, key, ...rest) {
        if (listOf(owner).keys.includes(key)) return { admitted: true, over: [] }
        return store.admit(owner, key, ...rest)
      },
    }),
    /called before the last revocation/,
  ],
  [
    'forget takes the whole list',
    ({ listOf }) => ({
      async forget(owner) {
        listOf(owner).keys = []
      },
    }),
    /forgotten keys leave the list/,
  ],
  [
    'keep makes a list of nothing but its owner',
    ({ listOf, store }) => ({
      async keep(owner, until) {
        if (listOf(owner).keys.length === 0) await store.admit(owner, '', until, until)
      },
    }),
    /an owner without a list has no keys/,
  ],
]
