/** Stores that break one promise about owners each. */

import { dropKey, gap, type Fault } from './faults.ts'

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
      async admit(owner, key, epoch, until, limit) {
        const isFull = listOf(owner).keys.length >= limit.most
        if (isFull || !limit.refuse) return store.admit(owner, key, epoch, until, limit)
        await gap()
        return store.admit(owner, key, epoch, until, { most: Infinity, refuse: true })
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
        dropKey(listOf(owner), key)
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
      admit: (owner, key, epoch, until, limit) =>
        store.admit(owner, key, epoch, until, { ...limit, most: limit.most + 1 }),
    }),
    /over the limit the newcomer is admitted/,
  ],
  [
    'a limit that refuses is one too low',
    ({ store }) => ({
      admit(owner, key, epoch, until, limit) {
        const low = limit.refuse ? { ...limit, most: limit.most - 1 } : limit
        return store.admit(owner, key, epoch, until, low)
      },
    }),
    /where the limit refuses/,
  ],
  [
    'a full list refuses the keys that are in it',
    ({ store, listOf }) => ({
      async admit(owner, key, epoch, until, limit) {
        const isFull = limit.refuse && listOf(owner).keys.length >= limit.most
        if (isFull) return { admitted: false, why: 'limit' }
        return store.admit(owner, key, epoch, until, limit)
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
      async admit(owner, key, epoch, until, limit) {
        const admission = await store.admit(owner, key, epoch, until, limit)
        if (!admission.admitted || limit.refuse) return admission
        const { keys } = listOf(owner)
        return { admitted: true, over: keys.slice(0, Math.max(0, keys.length - limit.most)) }
      },
    }),
    /only older ones are named/,
  ],
  [
    'list takes no number',
    ({ store }) => ({ list: (owner) => store.list(owner) }),
    /as far as it is asked for/,
  ],
  [
    'list returns the newest',
    ({ store }) => ({
      list: async (owner, most = 1e9) => (await store.list(owner)).slice(-most),
    }),
    /as far as it is asked for/,
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
    'forget makes a list of nothing but its owner',
    ({ listOf }) => ({
      async forget(owner) {
        if (listOf(owner).keys.length === 0) listOf(owner).keys.push('')
      },
    }),
    /an owner without a list has no keys/,
  ],
  [
    'erase leaves the epoch',
    ({ listOf }) => ({
      async erase(owner) {
        listOf(owner).keys = []
      },
    }),
    /an erased owner/,
  ],
  [
    'erase leaves the keys',
    ({ listOf }) => ({
      async erase(owner) {
        Object.assign(listOf(owner), { epoch: 0, except: undefined })
      },
    }),
    /an erased owner/,
  ],
  [
    'erase leaves the exception',
    ({ lists, listOf }) => ({
      async erase(owner) {
        const { except } = listOf(owner)
        lists.set(owner, { keys: [], until: 0, epoch: 0, except })
      },
      async revoke(owner, epoch, until) {
        const list = listOf(owner)
        Object.assign(list, { epoch, until, except: list.except ?? 'b' })
        return { epoch, keys: [...list.keys] }
      },
    }),
    /an erased owner/,
  ],
]
