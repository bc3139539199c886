/** Says where a history went wrong: the first answer that no order explains, and what led to it. */

import { check, type Rules } from './checker.ts'
import { byKey, type Operation } from './history.ts'
import { changedNothing, textOf } from './model.ts'

export interface Report {
  readonly operations: number
  readonly keys: number
  /** Operations without an answer. */
  readonly unknown: number
  /** A story for each key whose history is not linearizable, or could not be decided. */
  readonly failures: readonly string[]
}

/** Checks the history of each key on its own. */
export function checkAll(operations: readonly Operation[], rules: Rules = {}): Report {
  const histories = byKey(operations)
  const failures: string[] = []
  for (const [key, history] of histories) {
    const verdict = check(history, rules)
    if (verdict === 'undecided') failures.push(`${key}: undecided, ${history.length} operations`)
    if (verdict === 'violation') failures.push(`${key}:\n${story(minimal(history, rules))}`)
  }
  const unknown = operations.filter(({ outcome }) => outcome === null).length
  return { operations: operations.length, keys: histories.size, unknown, failures }
}

/**
 * The shortest beginning of a bad history that is bad, less what need not be there for that.
 *
 * Only calls that changed nothing are left out: without one that changed something, a good history
 * can turn bad.
 */
export function minimal(history: readonly Operation[], rules: Rules = {}): Operation[] {
  const times = history.flatMap(({ outcome }) => (outcome ? [outcome.at] : []))
  times.sort((a, b) => (a < b ? -1 : 1))
  // A beginning of a good history is good, so the first bad one can be found by halves.
  let [good, bad] = [-1, times.length - 1]
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (check(until(history, times[middle]!), rules) === 'violation') bad = middle
    else good = middle
  }
  const shortest = until(history, times[bad] ?? 0n)
  const idle = shortest.filter(
    ({ call, outcome }) => outcome && changedNothing(call, outcome.answer),
  )
  return without(shortest, idle, (rest) => check(rest, rules) === 'violation')
}

/** Leaves out what can be left out, by halves. */
function without(
  history: Operation[],
  some: readonly Operation[],
  isBad: (history: Operation[]) => boolean,
): Operation[] {
  if (some.length === 0) return history
  const left = new Set(some)
  const rest = history.filter((operation) => !left.has(operation))
  if (isBad(rest)) return rest
  if (some.length === 1) return history
  const middle = some.length >> 1
  return without(without(history, some.slice(0, middle), isBad), some.slice(middle), isBad)
}

/** What was known at that time: what had no answer yet is unknown. */
function until(history: readonly Operation[], time: bigint): Operation[] {
  return history
    .filter(({ calledAt }) => calledAt <= time)
    .map((operation) => {
      const { outcome } = operation
      return outcome && outcome.at > time ? { ...operation, outcome: null } : operation
    })
}

/** The end of a history in lines, with times in microseconds since its first call. */
export function story(history: readonly Operation[]): string {
  const sorted = [...history].sort((a, b) => (a.calledAt < b.calledAt ? -1 : 1))
  const start = sorted[0]?.calledAt ?? 0n
  const since = (time: bigint) => `${Number(time - start) / 1000}`
  const lines = sorted.map(({ client, call, calledAt, outcome }) => {
    const { verb, ...given } = call
    const end = outcome ? `${since(outcome.at)} µs` : 'unknown'
    const answer = outcome ? textOf(outcome.answer) : 'unknown'
    const line = `  ${since(calledAt)} to ${end} ${client} ${verb} ${JSON.stringify(given)}: ${answer}`
    return line.replace(LONG_TEXT, '"$1..."')
  })
  const left = lines.length - LINES
  return left <= 0 ? lines.join('\n') : [`  (${left} before)`, ...lines.slice(-LINES)].join('\n')
}

const LINES = 40

const LONG_TEXT = /"((?:[^"\\]|\\.){40})(?:[^"\\]|\\.){20,}"/g
