/** The checker of histories against random ones, and against one that tries every order. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { check } from './checker.ts'
import { minimal } from './explain.ts'
import type { Operation } from './history.ts'
import { execute, type State, textOf } from './model.ts'
import { lie, play, steps } from './played.ts'

const lies = [fc.nat(), fc.nat({ max: 5 })] as const

test('what a linearizable store answered is accepted, however its calls overlap', () => {
  fc.assert(
    fc.property(steps(60, 5, 1), (steps) => {
      expect(check(play(steps))).toBe('linearizable')
      expect(check(play(steps), { resends: true })).toBe('linearizable')
    }),
    { numRuns: 300 },
  )
})

test('of calls made in turn, no answer can be changed', () => {
  fc.assert(
    fc.property(steps(30, 0, 0), ...lies, (steps, pick, how) => {
      const changed = lie(play(steps), pick, how)
      fc.pre(changed !== null)
      expect(check(changed)).toBe('violation')
    }),
    { numRuns: 500 },
  )
})

test.each([
  { reach: 1, lost: 0, found: 0.95 },
  { reach: 3, lost: 0, found: 0.9 },
  // What was never answered may come at any time, and so explains much.
  { reach: 3, lost: 1, found: 0.5 },
] as const)('of calls that overlap, most changed answers are found out: %o', (most) => {
  const counts = { violation: 0, linearizable: 0, undecided: 0 }
  fc.assert(
    fc.property(steps(40, most.reach, most.lost), ...lies, (steps, pick, how) => {
      const changed = lie(play(steps), pick, how)
      if (changed) counts[check(changed)]++
    }),
    { numRuns: 1000 },
  )
  expect(counts.undecided).toBe(0)
  expect(counts.violation / (counts.violation + counts.linearizable)).toBeGreaterThan(most.found)
})

test('it agrees with a checker that tries every order', () => {
  const counts = { violation: 0, linearizable: 0, undecided: 0 }
  fc.assert(
    fc.property(steps(5, 3, 1), ...lies, fc.boolean(), (steps, pick, how, lying) => {
      const history = play(steps)
      const told = (lying && lie(history, pick, how)) || history
      const verdict = check(told)
      expect(verdict).toBe(isExplained(told) ? 'linearizable' : 'violation')
      counts[verdict]++
    }),
    { numRuns: 3000 },
  )
  expect(Math.min(counts.violation, counts.linearizable)).toBeGreaterThan(200)
})

test('it agrees with that checker on clients that resend', () => {
  const counts = { violation: 0, linearizable: 0, undecided: 0 }
  fc.assert(
    fc.property(steps(4, 3, 1), ...lies, (steps, pick, how) => {
      const told = lie(play(steps), pick, how) ?? []
      const resent = told.map((operation) => ({ ...operation, outcome: null }))
      const verdict = check(told, { resends: true })
      expect(verdict).toBe(
        isPossible([...told, ...resent], 'nothing') ? 'linearizable' : 'violation',
      )
      counts[verdict]++
    }),
    { numRuns: 1500 },
  )
  expect(Math.min(counts.violation, counts.linearizable)).toBeGreaterThan(100)
})

test('the shortest story of a violation is a violation', () => {
  fc.assert(
    fc.property(steps(30, 2, 1), ...lies, (steps, pick, how) => {
      const changed = lie(play(steps), pick, how)
      fc.pre(changed !== null && check(changed) === 'violation')
      const shortest = minimal(changed)
      expect(check(shortest)).toBe('violation')
      expect(shortest.length).toBeLessThanOrEqual(changed.length)
    }),
    { numRuns: 300 },
  )
})

/** By the definition: every order that keeps to the times, every choice of what was executed. */
function isExplained(history: readonly Operation[]): boolean {
  return isPossible(
    history.flatMap((operation) => (operation.outcome ? [operation] : [operation, operation])),
    'nothing',
  )
}

function isPossible(left: readonly Operation[], state: State): boolean {
  if (left.every(({ outcome }) => outcome === null)) return true
  return left.some(({ call, calledAt, outcome }, index) => {
    if (left.some((other) => other.outcome !== null && other.outcome.at < calledAt)) return false
    const executed = execute(state, call)
    const fits = outcome === null || textOf(executed.answer) === textOf(outcome.answer)
    return fits && isPossible(left.toSpliced(index, 1), executed.state)
  })
}
