/** The page RESULTS.md of a run. */

import type { Effort, Figure, Unit } from '../figures.ts'
import type { Goal } from '../goals.ts'
import type { Machine } from './machine.ts'

/** A whole run, as `--json` prints it. */
export interface Results {
  date: string
  effort: Effort
  seconds: number
  machine: Machine
  versions: Record<string, string>
  goals: Goal[]
  /** Why a section was not measured, by its name. */
  skipped: Record<string, string>
  figures: Figure[]
}

export function resultsPage(results: Results): string {
  const { date, effort, machine, versions, skipped, figures, seconds } = results
  const reasons = Object.entries(skipped).map(([name, reason]) => `- ${name}: ${reason}`)
  return `# Results of \`npm run bench\`

Figures of the last complete run, written by the run itself. [Performance](../docs/performance.md) explains what is measured and how.

- ${date}, ${seconds} seconds${effort === 'quick' ? ', with `--quick`: a draft, few rounds' : ''}
- ${machine.processor}, ${machine.cores} cores, ${machine.memory} of memory, ${machine.system}
- ${Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')}
${reasons.length > 0 ? `\nSkipped:\n\n${reasons.join('\n')}\n` : ''}
## Goals

${goalTable(results)}

## Cookies and sessions without a server

Nanoseconds of processor time for one operation: the median, and in brackets the lowest and the highest round. The last column is the
ratio to the bare parts: the least work that any library has to do.

${table(['', 'by', 'ns', 'ratio to bare'], timeRows(figures))}

## Requests

Microseconds of the server's processor time for one request. The next column is the number of requests that it serves while the same server
without sessions serves one, in processor time. The last two columns are elapsed time, which other programs on the machine
influence.

${table(['', 'by', 'us', 'ratio to none', 'per second', '99 % within, ms'], requestRows(figures))}

## Memory, sizes and other figures

${table(['', 'median', 'lowest to highest'], otherRows(figures))}
`
}

/** The goals, and which of them the run reached. */
export function goalTable({ goals }: Results): string {
  return table(['goal', 'wanted', 'measured', 'met'], goals.map(goalRow))
}

type Row = readonly string[]

function table(head: Row, rows: readonly Row[]): string {
  const line = (cells: Row) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function goalRow({ name, goal, measured, met }: Goal): Row {
  return [name, goal, String(measured ?? 'not measured'), met ? 'yes' : 'no']
}

function timeRows(figures: readonly Figure[]): Row[] {
  const times = figures.filter(({ unit }) => unit === 'ns')
  return times.map((one) => [one.task, one.by, withSpread(one), beside(times, one, 'bare')])
}

function requestRows(figures: readonly Figure[]): Row[] {
  const costs = figures.filter(({ unit }) => unit === 'us')
  return costs.map((one) => {
    const cell = (unit: Unit) => {
      const same = figures.find(({ task, by, unit: its }) => {
        return task === one.task && by === one.by && its === unit
      })
      return same ? number(same.median) : ''
    }
    const share = beside(costs, one, 'none', 'inverse')
    return [one.task, one.by, withSpread(one), share, cell('per second'), cell('ms')]
  })
}

function otherRows(figures: readonly Figure[]): Row[] {
  const requests = new Set(figures.filter(({ unit }) => unit === 'us').map(({ task }) => task))
  return figures
    .filter(({ unit, task }) => unit !== 'ns' && !requests.has(task))
    .map(({ task, unit, median, low, high }) => {
      const spread = low === high ? '' : `${number(low)} to ${number(high)}`
      return [task, `${number(median)} ${unit}`, spread]
    })
}

function beside(figures: readonly Figure[], one: Figure, by: string, inverse?: 'inverse'): string {
  const base = figures.find((other) => other.task === one.task && other.by === by)
  if (!base || base === one) return ''
  const ratio = one.median / base.median
  return (inverse ? 1 / ratio : ratio).toFixed(2)
}

const withSpread = ({ median, low, high }: Figure) =>
  `${number(median)} (${number(low)} to ${number(high)})`

function number(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en').replaceAll(',', ' ')
  return String(Number(value.toPrecision(3)))
}
