/** Whether a history is linearizable: whether some order of its calls explains every answer. */

import type { Operation } from './history.ts'
import { changedNothing, execute, type State, textOf } from './model.ts'

/** `undecided`: more was tried than the patience allows. A test treats that as a failure. */
export type Verdict = 'linearizable' | 'violation' | 'undecided'

export interface Rules {
  /**
   * Clients resend what they had no answer to. So an answer by which nothing was done may follow an
   * execution whose answer was lost, and a touch may be repeated late.
   */
  readonly resends?: boolean
  /** How many configurations are tried, at most. */
  readonly patience?: number
}

/** An operation with an answer. */
type Known = Operation & { readonly outcome: NonNullable<Operation['outcome']> }

/** How far an order has come. */
interface Configuration {
  /** All answered operations before this index are in the order. */
  readonly first: number
  /** Those behind it that are in the order too, ascending. */
  readonly ahead: readonly number[]
  /** The unanswered operations that were executed, ascending. */
  readonly executed: readonly number[]
  readonly state: State
}

/**
 * Checks the history of one key, in any order, by the search of Wing and Gong, with the memory of
 * Lowe: a configuration that was reached before is not tried again.
 *
 * Two things keep it short. What changed nothing and fits is put into the order at once, since it
 * disturbs nobody. An unanswered call is only tried where it changes something, and if it can wait
 * (see `canWait`), where the change is seen next.
 */
export function check(history: readonly Operation[], rules: Rules = {}): Verdict {
  const known = history.filter(isKnown).sort(byTime)
  const unknown = executions(history, rules).sort(byTime)
  const seen = new Set<string>()
  const waiting: Configuration[] = [{ first: 0, ahead: [], executed: [], state: 'nothing' }]
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const reached = withoutEffect(next, known)
    if (reached.first === known.length) return 'linearizable'
    const name = nameOf(reached)
    if (seen.has(name)) continue
    if (seen.add(name).size > (rules.patience ?? 1_000_000)) return 'undecided'
    // The last one is tried first: unanswered calls only where the answered ones do not fit.
    const eligible = eligibleIn(reached, known)
    waiting.push(...afterUnknown(reached, eligible, known, unknown))
    waiting.push(...afterKnown(reached, eligible, known))
  }
  return 'violation'
}

function isKnown(operation: Operation): operation is Known {
  return operation.outcome !== null
}

function byTime(a: Operation, b: Operation): number {
  return a.calledAt < b.calledAt ? -1 : a.calledAt > b.calledAt ? 1 : 0
}

/** What may be executed beside the answered calls. Only a touch can do something a second time. */
function executions(history: readonly Operation[], rules: Rules): Operation[] {
  return history.flatMap((operation) => {
    const { call, outcome } = operation
    if (call.verb === 'read') return []
    if (outcome === null) return [operation, operation]
    const isRepeated =
      call.verb === 'touch' || outcome.answer === false || changedNothing(call, outcome.answer)
    return rules.resends && isRepeated ? [operation] : []
  })
}

/** The answered operations that may be next: called before any that remains was answered. */
function eligibleIn(from: Configuration, known: readonly Known[]): number[] {
  const eligible: number[] = []
  let earliest: bigint | null = null
  for (let index = from.first; index < known.length; index++) {
    const { calledAt, outcome } = known[index]!
    if (earliest !== null && calledAt > earliest) break
    if (from.ahead.includes(index)) continue
    if (earliest === null || outcome.at < earliest) earliest = outcome.at
    eligible.push(index)
  }
  return eligible
}

function withoutEffect(from: Configuration, known: readonly Known[]): Configuration {
  let reached = from
  for (;;) {
    const { state } = reached
    const harmless = eligibleIn(reached, known).find((index) => {
      const { call, outcome } = known[index]!
      return changedNothing(call, outcome.answer) && explains(state, known[index]!)
    })
    if (harmless === undefined) return reached
    reached = ordered(reached, harmless, state)
  }
}

function explains(state: State, { call, outcome }: Known): boolean {
  return textOf(execute(state, call).answer) === textOf(outcome.answer)
}

function afterKnown(
  from: Configuration,
  eligible: readonly number[],
  known: readonly Known[],
): Configuration[] {
  return eligible
    .filter((index) => explains(from.state, known[index]!))
    .map((index) => ordered(from, index, execute(from.state, known[index]!.call).state))
    .reverse()
}

function ordered(from: Configuration, index: number, state: State): Configuration {
  if (index !== from.first) {
    const ahead = [...from.ahead, index].sort((a, b) => a - b)
    return { ...from, ahead, state }
  }
  let first = index + 1
  while (from.ahead.includes(first)) first++
  return { ...from, first, ahead: from.ahead.filter((other) => other > first), state }
}

function afterUnknown(
  from: Configuration,
  eligible: readonly number[],
  known: readonly Known[],
  unknown: readonly Operation[],
): Configuration[] {
  const latest = eligible.map((index) => known[index]!.outcome.at).reduce((a, b) => (a < b ? a : b))
  const reached: Configuration[] = []
  for (const [index, operation] of unknown.entries()) {
    if (operation.calledAt > latest) break
    if (from.executed.includes(index)) continue
    // Of two executions of one call, the first is the first.
    if (unknown[index - 1] === operation && !from.executed.includes(index - 1)) continue
    const { state } = execute(from.state, operation.call)
    if (textOf(state) === textOf(from.state)) continue
    const isSeen = () => eligible.some((next) => isOnlyExplainedBy(state, from.state, known[next]!))
    if (canWait(operation) && !isSeen()) continue
    const executed = [...from.executed, index].sort((a, b) => a - b)
    reached.push({ ...from, executed, state })
  }
  return reached
}

/**
 * Whether it can be executed as late as just before an answer that shows it.
 *
 * A touch can: other touches do not mind it, and a swap or a removal puts an end to it. So can a
 * removal: nothing comes after it. A row that was put there, another swap may have to build on.
 */
function canWait({ call }: Operation): boolean {
  return call.verb === 'touch' || call.verb === 'remove'
}

function isOnlyExplainedBy(after: State, before: State, answered: Known): boolean {
  return explains(after, answered) && !explains(before, answered)
}

function nameOf({ first, ahead, executed, state }: Configuration): string {
  return `${first}|${ahead.join()}|${executed.join()}|${textOf(state)}`
}
