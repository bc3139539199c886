/** The simpler contracts of revocation: clocks, lists that do not heal, stores that have no room. */

import type { Variant } from './variant.ts'

/** The contracts that the model must tell from the real one. */
export const REVOCATION_VARIANTS: Variant[] = [
  {
    name: 'clocks compared instead of epochs',
    breaks: /locked out/,
    edits: [
      {
        file: 'user-sessions.ts',
        from: 'const epoch = store.epoch(owner)',
        to: 'const epoch = Promise.resolve(clock() * STEP)',
      },
    ],
  },
  {
    name: 'no epoch in the row',
    breaks: /revoked: .* opened again/,
    edits: [
      {
        file: 'open.ts',
        from: "isRevoked(row, entry) ? 'revoked' : entryEnded(",
        to: 'entryEnded(',
      },
    ],
  },
  {
    name: 'the epoch read before the write, and not at the login',
    breaks: /revoked: .* opened again/,
    edits: [{ file: 'begin.ts', from: 'begun ?? store', to: 'store' }],
  },
  { name: 'a login admitted after a revocation', breaks: /was admitted/, flaw: 'admits-any-epoch' },
  { name: 'keep that does not heal', breaks: /unlisted/, flaw: 'keep-does-not-heal' },
  { name: 'keep that heals whatever the epoch', breaks: /has written/, flaw: 'keeps-any-epoch' },
  {
    name: 'a visit that does not ask whether it is listed',
    breaks: /unlisted/,
    edits: [{ file: 'commit.ts', from: 'renews || !slot.isListed ?', to: 'renews ?' }],
  },
  {
    name: 'a write that does not ask whether it is listed',
    breaks: /has written/,
    edits: [{ file: 'commit.ts', from: 'if (isListed && tenthOf', to: 'if (tenthOf' }],
  },
  { name: 'current plus one', breaks: /locked out|kept out/, flaw: 'revoke-adds' },
  { name: 'a revocation that lowers the epoch', breaks: /revoked: /, flaw: 'revoke-lowers' },
  {
    name: 'a revocation that is not tried again above a clock that is ahead',
    breaks: /revoked: |no epoch was stored/,
    edits: [
      {
        file: 'user-sessions.ts',
        from: 'if (epoch <= wanted) return { keys: revoked.keys, marked: epoch === wanted, kept }',
        to: 'return { keys: revoked.keys, marked: epoch >= wanted, kept }',
      },
    ],
  },
  {
    name: 'an epoch that does not outlive the rows',
    breaks: /revoked: .* opened again/,
    edits: [
      {
        file: 'user-sessions.ts',
        from: 'const until = Math.max(now + longest, rememberedUntil) + CLOCK_MARGIN_MS',
        to: 'const until = now + CLOCK_MARGIN_MS / 60',
      },
    ],
  },
  { name: 'an exception that is not stored', breaks: /kept out/, flaw: 'no-exception' },
  {
    name: 'an exception for a session that was revoked',
    breaks: /revoked: .* opened again/,
    edits: [
      {
        file: 'user-sessions.ts',
        from: 'except === undefined ? undefined : await validKey(owner, except)',
        to: 'except ?? (await validKey(owner, ""))',
      },
    ],
  },
  {
    name: 'a session revoked only if it is listed',
    breaks: /was ended, and is still there/,
    edits: [
      {
        file: 'user-sessions.ts',
        from: 'if (row?.owner !== owner) return false',
        to: `if (row?.owner !== owner) return false
      if (!(await store.list(owner)).includes(selector)) return false`,
      },
    ],
  },
  {
    name: 'a session revoked only if it seems alive',
    breaks: /was ended, and is still there/,
    edits: [
      {
        file: 'user-sessions.ts',
        from: `      await discard(owner, [selector])
      const found = judge(selector, row)`,
        to: `      const found = judge(selector, row)
      if (typeof found === 'object' || found === 'hidden') await discard(owner, [selector])`,
      },
    ],
  },
  {
    name: 'an erasure that trusts the list',
    breaks: /was erased, and .* is still there/,
    edits: [
      { file: 'user-sessions.ts', from: '?.owner === owner) own.push(key)', to: ') void own' },
    ],
  },
  {
    name: 'expired sessions removed while listing',
    breaks: /removed for no reason/,
    edits: [
      {
        file: 'user-sessions.ts',
        from: 'if (dead.length > 0) await store.forget(owner, dead).catch(() => {})',
        to: 'await discard(owner, dead).catch(() => {})',
      },
    ],
  },
  {
    name: 'the oldest ended before the expired are looked for',
    breaks: /removed for no reason/,
    edits: [
      {
        file: 'user-sessions.ts',
        from: 'isFull ? await forgetExpired(owner) : []',
        to: 'isFull && !admission.admitted ? await forgetExpired(owner) : []',
      },
    ],
  },
  {
    name: 'a leeway of a minute',
    breaks: /kept out: .* is future/,
    edits: [
      {
        file: 'open.ts',
        from: "isRevoked(row, entry) ? 'revoked' : entryEnded(row, entry, rules, now)",
        to: `isRevoked(row, entry) ? 'revoked' : entryEnded(row, entry,
          { ...rules, lifetime: { ...rules.lifetime, leeway: 60_000 } }, now)`,
      },
    ],
  },
  {
    name: 'a replay that ends a session without a margin for clocks',
    breaks: /removed for no reason/,
    edits: [{ file: 'open.ts', from: ' + 1000 + REPLAY_LEEWAY_MS\n', to: '\n' }],
  },
  {
    name: 'a revocation that says it was stored',
    breaks: /no epoch was stored/,
    edits: [{ file: 'user-sessions.ts', from: 'marked: epoch === wanted,', to: 'marked: true,' }],
  },
  { name: 'a revocation that needs space', breaks: /full: /, flaw: 'revoke-needs-space' },
  { name: 'a removal that needs space', breaks: /full: /, flaw: 'remove-needs-space' },
]
