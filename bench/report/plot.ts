/** The plot of a run for the docs: an SVG that is readable on light and on dark pages. */

import { type Figure, ratioOf, medianOf } from '../figures.ts'
import type { Results } from './results.ts'

interface Group {
  title: string
  bars: { label: string; value: number; text: string; isOurs: boolean }[]
}

const WIDTH = 760
const BAR = 16
const LABELS = 220
const LONGEST = 440

export function plot({ figures, date, machine }: Results): string {
  const costs = groupsOf(figures, 'ns', 'signed small', ['open', 'first write', 'change'])
  const shares = ['node:http', 'Express', 'Fastify', 'Hono'].flatMap((host) =>
    groupsOf(figures, 'us', host, ['read', 'write']),
  )
  const lines: string[] = []
  let y = 28
  const heading = (text: string) => {
    lines.push(`<text class="heading" x="12" y="${y}">${escaped(text)}</text>`)
    y += 14
  }
  heading('A small signed cookie: microseconds of processor time, lower is better')
  y = drawGroups(lines, costs, y, Math.max(0, ...valuesOf(costs)))
  y += 30
  heading('Requests per request of the same server without sessions, higher is better')
  y = drawGroups(lines, shares, y, 1)
  y += 24
  lines.push(
    `<text class="note" x="12" y="${y}">${escaped(`${date}, ${machine.processor}`)}</text>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y + 16}" viewBox="0 0 ${WIDTH} ${y + 16}" role="img">
<title>Sojourn compared with other session libraries</title>
<style>
text { font: 12px system-ui, sans-serif; fill: #24292f }
.heading { font-weight: 600; font-size: 14px }
.note, .group { fill: #57606a }
.ours { fill: #0b7285 }
.other { fill: #adb5bd }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .note, .group { fill: #9198a1 }
  .ours { fill: #3bc9db }
  .other { fill: #5c6670 }
}
</style>
${lines.join('\n')}
</svg>
`
}

/** The pages or jobs of one server or kind, each with a bar for everyone who took part. */
function groupsOf(
  figures: readonly Figure[],
  unit: 'ns' | 'us',
  of: string,
  tasks: readonly string[],
): Group[] {
  return tasks.map((name) => {
    const task = `${of} ${name}`
    const all = figures.filter((one) => one.task === task && one.unit === unit && one.by !== 'none')
    const bars = all.map(({ by }) => {
      const value =
        unit === 'ns'
          ? medianOf(figures, task, by)! / 1000
          : 1 / ratioOf(figures, task, by, 'none', unit)!
      const text = value < 1 ? value.toFixed(2) : value.toPrecision(value < 10 ? 2 : 3)
      return { label: by, value, text, isOurs: by === 'sojourn' }
    })
    return { title: task, bars }
  })
}

function drawGroups(lines: string[], groups: readonly Group[], top: number, full: number): number {
  let y = top
  for (const { title, bars } of groups) {
    y += 14
    lines.push(`<text class="group" x="12" y="${y}">${escaped(title)}</text>`)
    y += 6
    for (const { label, value, text, isOurs } of bars) {
      const width = Math.max(1, (Math.min(value, full) / full) * LONGEST)
      const middle = y + BAR - 5
      lines.push(
        `<text x="${LABELS - 8}" y="${middle}" text-anchor="end">${escaped(label)}</text>`,
        `<rect class="${isOurs ? 'ours' : 'other'}" x="${LABELS}" y="${y + 1}" width="${width.toFixed(1)}" height="${BAR - 4}" rx="2"/>`,
        `<text x="${(LABELS + width + 6).toFixed(1)}" y="${middle}">${text}</text>`,
      )
      y += BAR
    }
    y += 4
  }
  return y
}

const valuesOf = (groups: readonly Group[]) => {
  return groups.flatMap(({ bars }) => bars.map(({ value }) => value))
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
