/** What a run prints at its end: the goals, and what was skipped. */

import type { Results } from './results.ts'

export function summary({ goals, skipped, seconds }: Results): string {
  const width = Math.max(...goals.map(({ name }) => name.length))
  const lines = goals
    .filter(({ measured }) => measured !== undefined)
    .map(({ name, goal, measured, met }) => {
      return `${met ? 'met   ' : 'missed'} ${name.padEnd(width)}  ${measured}  (goal ${goal})`
    })
  const reasons = Object.entries(skipped).map(([name, reason]) => `Skipped: ${name}. ${reason}`)
  const met = goals.filter((goal) => goal.met).length
  return [...lines, ...reasons, `${met} of ${goals.length} goals met, in ${seconds} s`].join('\n')
}
