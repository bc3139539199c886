/** The known differences: where the gate cannot do on a runtime what it does on Node, with what happens. */

import { text } from '../package/repository.ts'

interface Difference {
  readonly scenario: string
  readonly outcome: string
  /** Left out: with every commit. */
  readonly commits?: readonly string[]
  readonly why: string
}

const ALL = JSON.parse(text('test/runtimes/differences.json')) as Record<string, Difference[]>

/** The outcome of each scenario that differs on a runtime, by commit. */
export function differencesOf(
  runtime: string,
  commits: readonly string[],
): Map<string, Record<string, string>> {
  const found = new Map<string, Record<string, string>>()
  for (const { scenario, outcome, commits: only = commits } of ALL[runtime] ?? []) {
    const each = Object.fromEntries(only.map((commit) => [commit, outcome]))
    found.set(scenario, { ...found.get(scenario), ...each })
  }
  return found
}
