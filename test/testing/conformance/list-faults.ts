/** Stores that lose what is done to an owner's list at once, or take one owner for another. */

import { OVER_AT_ONCE } from '../../../src/backends/stored/store.ts'
import { gap, type Fault } from './faults.ts'

export const LIST_FAULTS: readonly Fault[] = [
  [
    'forget reads the list, and writes it back later',
    ({ listOf }) => ({
      async forget(owner, keys) {
        const before = [...listOf(owner).keys]
        await gap()
        listOf(owner).keys = before.filter((key) => !keys.includes(key))
      },
    }),
    /while other keys are forgotten/,
  ],
  [
    'keep reads the list, and writes it back later',
    ({ lists, listOf }) => ({
      async keep(owner, _key, _epoch, until) {
        const before = structuredClone(listOf(owner))
        await gap()
        lists.set(owner, { ...before, until: Math.max(before.until, until) })
        return true
      },
    }),
    /logins while the list is kept longer/,
  ],
  [
    'keep writes back a list without the revocation that came meanwhile',
    ({ listOf }) => ({
      async keep(owner) {
        const { epoch } = listOf(owner)
        await gap()
        listOf(owner).epoch = epoch
        return true
      },
    }),
    /a revocation while the list is kept longer/,
  ],
  [
    'an epoch that is learnt from a login replaces a higher one',
    ({ store, listOf }) => ({
      async admit(owner, key, epoch, ...rest) {
        const isHigher = epoch > listOf(owner).epoch
        await gap()
        const admission = await store.admit(owner, key, epoch, ...rest)
        if (isHigher) listOf(owner).epoch = epoch
        return admission
      },
    }),
    /learns another epoch from a login/,
  ],
  [
    'of revocations at once the last to be written counts',
    ({ listOf }) => ({
      async revoke(owner, epoch, until, except) {
        const higher = Math.max(listOf(owner).epoch, epoch)
        await gap()
        Object.assign(listOf(owner), { epoch: higher, until, except })
        return { epoch: higher, keys: [...listOf(owner).keys] }
      },
    }),
    /of revocations at once the highest epoch counts/,
  ],
  [
    'owners are told apart by their first 255 characters',
    ({ store }) => ({
      admit: (owner, ...rest) => store.admit(owner.slice(0, 255), ...rest),
      list: (owner, ...rest) => store.list(owner.slice(0, 255), ...rest),
    }),
    /long owners that differ only at their end/,
  ],
  [
    'the owner of a row is cut off at 1000 characters',
    ({ store }) => ({
      insert: (key, row) => store.insert(key, { ...row, owner: row.owner?.slice(0, 1000) ?? null }),
    }),
    /long owners that differ only at their end/,
  ],
  [
    'a revocation is stored for every owner whose name fits the pattern',
    ({ store, lists }) => ({
      async revoke(owner, ...rest) {
        for (const other of lists.keys()) {
          if (isLike(owner, other)) await store.revoke(other, ...rest)
        }
        return store.revoke(owner, ...rest)
      },
    }),
    /looks like a pattern/,
  ],
  [
    'erase takes every owner whose name fits the pattern',
    ({ lists }) => ({
      async erase(owner) {
        for (const other of lists.keys()) if (isLike(owner, other)) lists.delete(other)
      },
    }),
    /looks like a pattern/,
  ],
  [
    'forget takes every key that fits the pattern',
    ({ listOf }) => ({
      async forget(owner, keys) {
        const list = listOf(owner)
        list.keys = list.keys.filter((key) => !keys.some((pattern) => isLike(pattern, key)))
      },
    }),
    /looks like a pattern/,
  ],
  [
    'the time of a key that is admitted again is not looked at',
    ({ store, listOf }) => ({
      async admit(owner, key, epoch, until, limit) {
        const { keys, until: before } = listOf(owner)
        const isNew = !keys.includes(key)
        return store.admit(owner, key, epoch, isNew ? until : before, limit)
      },
    }),
    /admitted again lets its list live longer/,
  ],
  [
    'the time of the last login counts, not the furthest',
    ({ store, listOf }) => ({
      async admit(owner, key, epoch, until, limit) {
        const admission = await store.admit(owner, key, epoch, until, limit)
        if (admission.admitted) listOf(owner).until = until
        return admission
      },
    }),
    /at the latest time of all/,
  ],
  [
    'the epoch is a key under the limit',
    ({ store, listOf }) => ({
      admit(owner, key, epoch, until, limit) {
        const most = limit.most - (listOf(owner).epoch > 0 ? 1 : 0)
        return store.admit(owner, key, epoch, until, { ...limit, most })
      },
    }),
    /take no place under a limit/,
  ],
  [
    'of a key that is admitted again, younger ones are named as over',
    ({ store, listOf }) => ({
      async admit(owner, key, epoch, until, limit) {
        const admission = await store.admit(owner, key, epoch, until, limit)
        if (!admission.admitted || limit.refuse) return admission
        const others = listOf(owner).keys.filter((other) => other !== key)
        const count = Math.max(0, others.length + 1 - limit.most)
        return { admitted: true, over: others.slice(0, Math.min(count, OVER_AT_ONCE)) }
      },
    }),
    /only older ones are named/,
  ],
  [
    'a limit that refuses names the keys that are over',
    ({ store }) => ({
      admit: (owner, key, epoch, until, limit) =>
        store.admit(owner, key, epoch, until, {
          most: limit.most,
          refuse: limit.refuse && limit.most === 1,
        }),
    }),
    /where the limit refuses, a newcomer/,
  ],
  [
    'all keys over the limit are named at once',
    ({ store, listOf }) => ({
      async admit(owner, key, epoch, until, limit) {
        const admission = await store.admit(owner, key, epoch, until, limit)
        if (!admission.admitted || limit.refuse) return admission
        const { keys } = listOf(owner)
        return {
          admitted: true,
          over: keys.slice(0, Math.max(0, keys.indexOf(key) + 1 - limit.most)),
        }
      },
    }),
    /at most the 64 oldest/,
  ],
  [
    'keep heeds the limit of the last login',
    ({ store, listOf }) => {
      let most = Infinity
      return {
        admit: (...given) => ((most = given[4].most), store.admit(...given)),
        keep: async (owner, key, epoch, until) =>
          listOf(owner).keys.length < most && store.keep(owner, key, epoch, until),
      }
    },
    /put back into a list that is full/,
  ],
  [
    'limits have 32 bits',
    ({ store }) => ({
      admit: (owner, key, epoch, until, limit) =>
        store.admit(owner, key, epoch, until, { ...limit, most: limit.most | 0 }),
    }),
    /as large as a number/,
  ],
  [
    'prune takes the first five hundred keys of a list that is over, and loses the others',
    ({ store, lists, clock }) => {
      const lost = new Map<string, string[]>()
      return {
        async prune(limit) {
          for (const [owner, { keys, until }] of lists) {
            if (until < clock()) lost.set(owner, keys.slice(500))
          }
          return store.prune(limit)
        },
        list: async (owner, ...rest) => [
          ...(lost.get(owner) ?? []),
          ...(await store.list(owner, ...rest)),
        ],
      }
    },
    /more than a thousand keys is forgotten whole/,
  ],
]

/** As LIKE does it in SQL. */
function isLike(pattern: string, text: string): boolean {
  const escaped = pattern.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  return new RegExp(`^${escaped.replaceAll('%', '.*').replaceAll('_', '.')}$`).test(text)
}
