/** The simpler contracts: each is the real backend with one rule taken out. */

import type { Variant } from './variant.ts'

/** The contracts that the model must tell from the real one. */
export const VARIANTS: Variant[] = [
  { name: 'a bare version number', breaks: /applied twice/, flaw: 'no-write-ids' },
  { name: 'no tombstone', breaks: /inserted again/, flaw: 'no-tombstones' },
  { name: 'a swap that inserts', breaks: /a swap inserted/, flaw: 'upsert' },
  {
    name: 'no auth number',
    breaks: /write across a login/,
    edits: [
      {
        file: 'plan.ts',
        from: 'if (newest.entry.auth !== work.auth)',
        to: 'if (newest.entry.auth < 0)',
      },
    ],
  },
  {
    name: 'no settlement by content',
    breaks: /written anew/,
    edits: [
      {
        file: 'plan.ts',
        from: "return changes.every(isSoft) ? { do: 'drop' } : { do: 'gone' }",
        to: `return { do: 'move', leaves: false,
          record: replay(other ?? newRecord(layout, 1_700_000_000), changes, layout) }`,
      },
    ],
  },
  {
    name: 'admit before write',
    breaks: /removed for no reason/,
    edits: [
      {
        file: 'commit.ts',
        from: 'await members.checkRoom(login.userId, slot.selector)',
        to: 'await members.admit(login.userId, slot.selector, epoch, now + 1e8)',
      },
      {
        file: 'commit.ts',
        from: 'notes.push(...(await admit(ports, owner, kept, slot.entry.record)))',
        to: 'notes.push()',
      },
    ],
  },
  {
    name: 'replay after an unknown outcome',
    breaks: /applied twice/,
    edits: [
      {
        file: 'group-commit.ts',
        from: 'await store.swap(selector, newest.row.write, row)',
        to: `await store.swap(selector, newest.row.write, row).catch(async () => ({
        won: false as const, newest: await store.read(selector),
      }))`,
      },
      {
        file: 'deadlines.ts',
        from: "tryTwice('save', write,",
        to: "within('save', write,",
      },
    ],
  },
  {
    name: 'members told before the swap has won',
    breaks: /never written/,
    edits: [
      {
        file: 'group-commit.ts',
        from: '      const swap = await store.swap(',
        to: '      settleBatchWith(batch, { row, entry })\n      const swap = await store.swap(',
      },
    ],
  },
  {
    name: 'one record for all requests of a swap',
    breaks: /changed in place/,
    edits: [
      {
        file: 'waiting-commit.ts',
        from: 'plan: withOwnRecord(plan), newest',
        to: 'plan, newest',
      },
    ],
  },
  {
    name: 'records that share their fields',
    breaks: /changed in place/,
    edits: [
      {
        file: 'waiting-commit.ts',
        from: 'own.set(key, isObject ? { text, live: undefined } : field)',
        to: 'own.set(key, field ?? isObject)',
      },
    ],
  },
  {
    name: 'a write id for each attempt',
    breaks: /applied twice/,
    edits: [
      {
        file: 'deadlines.ts',
        from: '() => store.swap(key, ifWrite, row), row)',
        to: '() => store.swap(key, ifWrite, { ...row, write: `w.${random(9).join("")}` }), row)',
      },
    ],
  },
  {
    name: 'grace across a login',
    breaks: /an id from before a login/,
    edits: [
      {
        file: 'plan-id.ts',
        from: '    previous: undefined,\n  }\n  return { entry: next',
        to: '    previous: { verifier: entry.verifier, replacedAt: now },\n  }\n  return { entry: next',
      },
    ],
  },
  {
    name: 'renewed ids that open for ever',
    breaks: /after its grace/,
    edits: [
      {
        file: 'open.ts',
        from: 'now - previous.replacedAt <= grace',
        to: 'now >= 0 * grace',
      },
    ],
  },
  {
    name: 'a renewal under any id',
    breaks: /after its grace/,
    edits: [
      {
        file: 'plan-id.ts',
        from: 'if (entry.verifier === hash) return true\n',
        to: 'if (hash) return true\n',
      },
    ],
  },
  {
    name: 'a request told of its deadline, and kept in the group',
    breaks: /half-written/,
    edits: [
      {
        file: 'group-commit.ts',
        from: 'requests.filter(({ isSettled }) => !isSettled)',
        to: 'requests.filter(() => true)',
      },
    ],
  },
  {
    name: 'a deadline that says nothing was kept',
    breaks: /half-written/,
    edits: [
      { file: 'group-commit.ts', from: 'request.isSent = true', to: 'request.isSent = false' },
    ],
  },
  {
    name: 'no second look where a work comes to nothing',
    breaks: /which it is not/,
    edits: [{ file: 'waiting-commit.ts', from: 'if (isWrite) return', to: 'if (row) return' }],
  },
  {
    name: 'an end believed that a touch has moved',
    breaks: /gone, which it is not/,
    edits: [
      {
        file: 'waiting-commit.ts',
        from: ' || entryEnded(row, entry, rules, now) !== undefined',
        to: '',
      },
    ],
  },
  {
    name: 'a login that leaves the old session',
    breaks: /signed in as another user/,
    edits: [{ file: 'commit.ts', from: 'return leaves', to: 'return !leaves' }],
  },
  {
    name: 'a logout that answers before its row is gone',
    breaks: /still there/,
    edits: [
      {
        file: 'end.ts',
        from: "await removeOrRetry(ports, [...own, ...others, ...leftovers], owner, 'logout')",
        to: `await removeOrRetry(ports, [...others, ...leftovers], owner, 'logout')
    void removeOrRetry(ports, own, owner, 'logout').catch(() => {})`,
      },
    ],
  },
  {
    name: 'no removal in the background',
    breaks: /never removed/,
    edits: [
      { file: 'begin.ts', from: 'removals.add(selector, why)\n        failures', to: 'failures' },
    ],
  },
  {
    name: "an owner's list that does not outlive its rows",
    breaks: /still there|over the limit|revoked/,
    edits: [
      {
        file: 'commit.ts',
        from: 'const keeping = keepOwner(slot, next, now)',
        to: 'const keeping = keepOwner === undefined',
      },
    ],
  },
]
