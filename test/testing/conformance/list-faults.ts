/** Stores that lose what is done to an owner's list at once, or take one owner for another. */

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
      async keep(owner, until) {
        const before = structuredClone(listOf(owner))
        await gap()
        lists.set(owner, { ...before, until: Math.max(before.until, until) })
      },
    }),
    /logins while the list is kept longer/,
  ],
  [
    'keep writes back a list without the revocation that came meanwhile',
    ({ listOf }) => ({
      async keep(owner) {
        const { revoked } = listOf(owner)
        await gap()
        listOf(owner).revoked = revoked
      },
    }),
    /a revocation while the list is kept longer/,
  ],
  [
    'of revocations at once the last to be written counts',
    ({ listOf }) => ({
      async list(owner, revoking = 0) {
        const later = Math.max(listOf(owner).revoked, revoking)
        await gap()
        listOf(owner).revoked = later
        return [...listOf(owner).keys]
      },
    }),
    /of revocations at once the latest time counts/,
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
    'a revocation is noted for every owner whose name fits the pattern',
    ({ store, lists }) => ({
      async list(owner, revoking) {
        if (revoking !== undefined) {
          for (const other of lists.keys())
            if (isLike(owner, other)) await store.list(other, revoking)
        }
        return store.list(owner, revoking)
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
      async admit(owner, key, calledAt, until, limit) {
        const { keys, until: before } = listOf(owner)
        const isNew = !keys.includes(key)
        return store.admit(owner, key, calledAt, isNew ? until : before, limit)
      },
    }),
    /admitted again lets its list live longer/,
  ],
  [
    'the time of the last login counts, not the furthest',
    ({ store, listOf }) => ({
      async admit(owner, key, calledAt, until, limit) {
        const admission = await store.admit(owner, key, calledAt, until, limit)
        if (admission.admitted) listOf(owner).until = until
        return admission
      },
    }),
    /at the latest time of all/,
  ],
  [
    'the note of a revocation is a key under the limit',
    ({ store, listOf }) => ({
      admit(owner, key, calledAt, until, limit) {
        const most = (limit?.most ?? 0) - (listOf(owner).revoked > 0 ? 1 : 0)
        return store.admit(owner, key, calledAt, until, limit && { ...limit, most })
      },
    }),
    /takes no place under a limit/,
  ],
  [
    'of a key that is admitted again, only those before it are named as over',
    ({ store, listOf }) => ({
      async admit(owner, key, ...rest) {
        const admission = await store.admit(owner, key, ...rest)
        if (!admission.admitted) return admission
        const { keys } = listOf(owner)
        const isEarlier = (other: string) => keys.indexOf(other) < keys.indexOf(key)
        return { admitted: true, over: admission.over.filter(isEarlier) }
      },
    }),
    /under a limit that was lowered/,
  ],
  [
    'a limit that refuses names the keys that are over',
    ({ store, listOf }) => ({
      async admit(owner, key, calledAt, until, limit) {
        const admission = await store.admit(owner, key, calledAt, until, limit)
        if (!admission.admitted || !limit?.refuse) return admission
        const others = listOf(owner).keys.filter((other) => other !== key)
        return {
          admitted: true,
          over: others.slice(0, Math.max(0, others.length + 1 - limit.most)),
        }
      },
    }),
    /under a limit that was lowered/,
  ],
  [
    'limits have 32 bits',
    ({ store }) => ({
      admit: (owner, key, calledAt, until, limit) =>
        store.admit(owner, key, calledAt, until, limit && { ...limit, most: limit.most | 0 }),
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
