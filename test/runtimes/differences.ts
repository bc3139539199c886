/** The known differences: what is otherwise on a runtime than on Node, with exactly what happens. */

import { text } from '../package/repository.ts'

interface Difference {
  /** Left out: of the gate. */
  readonly suite?: string
  readonly scenario: string
  readonly outcome: string
  /** Left out: with every commit. */
  readonly commits?: readonly string[]
  readonly why: string
}

const ALL = JSON.parse(text('test/runtimes/differences.json')) as Record<string, Difference[]>

/** The runtimes that have some. */
export const DIFFERING_RUNTIMES = Object.keys(ALL)

/** What the outcome of a scenario of the behaviour suite is to contain, where it is not `passed`. */
export function differenceIn(runtime: string, suite: string, scenario: string) {
  return ALL[runtime]?.find((one) => one.suite === suite && one.scenario === scenario)?.outcome
}

/** The outcome of each scenario of the gate that differs on a runtime, by commit. */
export function differencesOf(
  runtime: string,
  commits: readonly string[],
): Map<string, Record<string, string>> {
  const found = new Map<string, Record<string, string>>()
  const ofTheGate = ALL[runtime]?.filter(({ suite }) => suite === undefined) ?? []
  for (const { scenario, outcome, commits: only = commits } of ofTheGate) {
    const each = Object.fromEntries(only.map((commit) => [commit, outcome]))
    found.set(scenario, { ...found.get(scenario), ...each })
  }
  return found
}
