import { expect, test } from 'vitest'
import { figure } from '../../bench/figures.ts'
import { goalsOf } from '../../bench/goals.ts'
import { quoted } from '../../bench/report/quote.ts'
import { type Results, resultsPage } from '../../bench/report/results.ts'

const results = (figures: Results['figures']): Results => ({
  date: '2026-11-29',
  effort: 'full',
  seconds: 300,
  machine: { processor: 'a processor', cores: 2, memory: '8 GB', system: 'linux x64' },
  versions: { node: '24.0.0' },
  goals: goalsOf(figures),
  skipped: { PostgreSQL: 'no server could be started' },
  figures,
})

test('a goal that was not measured is not met, and stands in the list all the same', () => {
  const goals = goalsOf([])
  expect(goals.length).toBeGreaterThan(30)
  for (const { measured, met } of goals) expect([measured, met]).toEqual([undefined, false])
})

test('a ratio to the bare parts is met up to its bound, in the same run', () => {
  const taskOf = (ours: number) => {
    const task = 'signed small open'
    const figures = [
      figure(task, 'sojourn', 'ns', [9, ours, 9000]),
      figure(task, 'bare', 'ns', [1000]),
    ]
    return goalsOf(figures).find(({ name }) => name.startsWith(`${task}: time, relative`))
  }
  expect(taskOf(1250)).toMatchObject({ goal: '<= 1.25', measured: 1.25, met: true })
  expect(taskOf(1260)).toMatchObject({ measured: 1.26, met: false })
})

test('requests are compared by processor time, and more of them is better', () => {
  const task = 'node:http read'
  const figures = [
    figure(task, 'none', 'us', [10]),
    figure(task, 'sojourn', 'us', [16]),
    figure(task, 'none', 'per second', [1]),
    figure(task, 'sojourn', 'per second', [1000]),
  ]
  const goal = goalsOf(figures).find(({ name }) => name.startsWith(`${task}:`))
  expect(goal).toMatchObject({ goal: '>= 0.57', measured: 0.625, met: true })
})

test('one hot session misses its goal where more requests at a time come to fewer a second', () => {
  const measured = (rates: number[]) => {
    const figures = [1, 4, 16, 64, 256].map((lanes, at) =>
      figure(`one session, Redis, ${lanes} at a time`, 'sojourn', 'per second', [rates[at]!]),
    )
    return goalsOf(figures).find(({ name }) => name.startsWith('one session in Redis'))
  }
  expect(measured([1000, 2000, 3000, 4000, 3900])).toMatchObject({ met: true })
  expect(measured([1000, 800, 3000, 4000, 5000])).toMatchObject({
    measured: '1.0 / 0.8 / 3.0 / 4.0 / 5.0',
    met: false,
  })
})

test('the page of a run names what was skipped and why, and the docs quote its goals', () => {
  const run = results([figure('root bundle for production, gzip', 'sojourn', 'bytes', [26_000])])
  expect(resultsPage(run)).toContain('- PostgreSQL: no server could be started')
  const row = '| root bundle for production, gzip, in kB | <= 27 | 26 | yes |'
  expect(resultsPage(run)).toContain(row)
  const page = 'before\n<!-- results: of a run -->\nold\n<!-- /results -->\nafter'
  const quote = quoted(page, run)
  expect(quote).toContain(row)
  expect(quote).not.toContain('old')
  expect(quoted(quote, run)).toBe(quote)
})
