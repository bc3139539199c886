/** Random histories that a linearizable store could have had, and random lies in them. */

import fc from 'fast-check'
import type { Row } from '../../src/backends/stored/store.ts'
import type { Answer, Call, Operation } from './history.ts'
import { execute, type State } from './model.ts'
import { row, until } from './written.ts'

/** One call: what it is about, and how far before and after its execution it reaches. */
interface Step {
  readonly verb: Call['verb']
  /** Picks a write that was made before, or an end. */
  readonly pick: number
  readonly before: number
  readonly after: number
  /** Whether the client learns the answer; if not, after how many steps each execution comes. */
  readonly executions: readonly number[] | null
}

const verb = fc.constantFrom<Call['verb']>('read', 'read', 'insert', 'swap', 'swap', 'touch')
const often = fc.oneof({ weight: 12, arbitrary: verb }, fc.constant<Call['verb']>('remove'))

/** Steps that reach over so many others, at most, one in six of them without an answer. */
export function steps(most: number, reach: number, lost: 0 | 1): fc.Arbitrary<Step[]> {
  const late = fc.array(fc.nat({ max: 8 }), { maxLength: 2 })
  const executions = fc.option(late, { nil: null, freq: 6 })
  const step = fc.record<Step>({
    verb: often,
    pick: fc.nat({ max: 7 }),
    before: fc.nat({ max: reach * SPAN }),
    after: fc.nat({ max: reach * SPAN }),
    executions: lost === 0 ? fc.constant(null) : executions,
  })
  return fc.array(step, { maxLength: most, size: 'max' })
}

const SPAN = 100

/** Executes the steps one after the other, and writes down what their clients saw. */
export function play(steps: readonly Step[]): Operation[] {
  const rows: Row[] = [row('w0')]
  let state: State = 'nothing'
  let late: { call: Call; at: number }[] = []
  return steps.map((step, index) => {
    for (const { call } of late.filter(({ at }) => at < index)) state = execute(state, call).state
    late = late.filter(({ at }) => at >= index)
    const call = callOf(step, state, rows)
    const now = (index + 1) * SPAN * 10
    const about = { key: 'k', client: `c${index}`, call, calledAt: BigInt(now - step.before * 10) }
    if (step.executions) {
      late.push(...step.executions.map((after) => ({ call, at: index + after })))
      return { ...about, outcome: null }
    }
    const executed: { state: State; answer: Answer } = execute(state, call)
    state = executed.state
    return { ...about, outcome: { answer: executed.answer, at: BigInt(now + step.after * 10) } }
  })
}

/** Mostly what succeeds: a swap of the newest row; but now and then an old one, or one again. */
function callOf({ verb, pick }: Step, state: State, rows: Row[]): Call {
  const newest = typeof state === 'string' ? rows.at(-1)! : state
  if (verb === 'insert') return { verb, row: written(rows, []) }
  if (verb === 'touch') return { verb, expiresAt: 800 + pick * 100 }
  if (verb !== 'swap') return { verb }
  const old = rows[Math.max(0, rows.length - pick)] ?? newest
  if (pick === 1) return { verb, ifWrite: newest.write, row: old }
  const recent = pick % 2 === 0 ? [newest.write, ...newest.recent].slice(0, 3) : []
  const ifWrite = pick > 5 ? old.write : newest.write
  return { verb, ifWrite, row: written(rows, recent) }
}

function written(rows: Row[], recent: readonly string[]): Row {
  const next = row(`w${rows.length}`, { recent, expiresAt: 1000 + (rows.length % 3) * 100 })
  rows.push(next)
  return next
}

/** The history with one answer changed; null where that cannot be done. */
export function lie(history: readonly Operation[], pick: number, how: number): Operation[] | null {
  const known = history.filter(({ outcome }) => outcome !== null)
  const chosen = known[pick % known.length]
  if (!chosen?.outcome) return null
  const answer = lieAbout(chosen.outcome.answer, how)
  const changed = { ...chosen, outcome: { ...chosen.outcome, answer } }
  return history.map((operation) => (operation === chosen ? changed : operation))
}

function lieAbout(answer: Answer, how: number): Answer {
  if (typeof answer === 'boolean') return !answer
  if (answer === null) return row('w0')
  if (!('won' in answer)) return anotherRow(answer, how)
  if (answer.won) return { won: false, newest: null }
  if (how === 0 || answer.newest === null) return { won: true }
  return { won: false, newest: anotherRow(answer.newest, how) }
}

function anotherRow(of: Row, how: number): Row | null {
  const others = [null, row('w0x'), until(of.expiresAt + 1, of), until(of.expiresAt - 100, of)]
  const more = [
    { ...of, body: '' },
    { ...of, recent: [...of.recent, 'x'] },
  ]
  return [...others, ...more][how % 6] ?? null
}
