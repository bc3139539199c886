import { beforeAll, expect, test, vi } from 'vitest'
import { text } from '../package/repository.ts'
import { peers } from './peers.ts'
import { ROWS } from './rows.ts'

// The table of docs/comparison.md, measured again. Each cell is an app of its own: what its library
// does, set up as its README says. A release of a library that changes a cell fails here.

beforeAll(() => {
  vi.stubEnv('NODE_ENV', 'production')
  return () => vi.unstubAllEnvs()
})

const page = text('docs/comparison.md')

test.for(ROWS)('each library does what the comparison says: %s', async ([title, measure]) => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  const cells: string[] = []
  for (const peer of peers()) cells.push(await measure(peer))
  expect(cellsOf(page, title)).toEqual(cells)
})

test('the README quotes rows of the comparison', () => {
  const readme = text('README.md')
  const titles = ROWS.map(([title]) => title).filter((title) => readme.includes(`| ${title} |`))
  expect(titles.length).toBeGreaterThan(3)
  for (const title of titles) expect(cellsOf(readme, title)).toEqual(cellsOf(page, title))
})

function cellsOf(markdown: string, title: string): string[] {
  const line = markdown.split('\n').find((row) => row.startsWith(`| ${title} |`)) ?? ''
  return line
    .split('|')
    .slice(2, -1)
    .map((cell) => cell.trim())
}
