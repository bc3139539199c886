import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { DEVIATIONS, OWN_FORMAT } from './deviations.ts'

const file = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')

const PAGE = file('../../docs/moving/express-session-differences.md')

const ALL = { ...DEVIATIONS, ...OWN_FORMAT }

test('the documentation tells every difference, with its reason, and no other', () => {
  const rows = PAGE.split('\n').filter((line) => /^\| (?!---|express-session +\|)/.test(line))
  expect(rows.map((row) => row.split('|').map((cell) => cell.trim()))).toEqual(
    Object.values(ALL).map(({ express, dropIn, why }) => ['', express, dropIn, why, '']),
  )
})

test('every difference is shown by a test, on both', () => {
  const tests = readdirSync(new URL('.', import.meta.url)).filter((name) =>
    name.endsWith('.test.ts'),
  )
  const text = tests.map((name) => file(name)).join('\n')
  const shown = new Set([...text.matchAll(/\bdiffers\(\s*'([^']+)'/g)].map(([, name]) => name))
  expect([...shown].toSorted()).toEqual(Object.keys(ALL).toSorted())
})
