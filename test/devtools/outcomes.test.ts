/**
 * Each cause in "Why is my session empty?" is provoked, and what a developer then reads on the console
 * and in the inspector is what the page says, word for word. WRITE_DOCS=1 writes it into the page.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { REJECTIONS } from '../../src/devtools/sentences.ts'
import type { Rejection } from '../../src/backends/backend.ts'
import { consoleOfTest } from './app.ts'
import { CAUSES, type Outcome, REASONS } from './outcomes.ts'

const PAGE = new URL('../../docs/guide/why-is-my-session-empty.md', import.meta.url)
const page = readFileSync(PAGE, 'utf8')

const nameOf = ({ cause, variant }: Outcome) => (variant ? `${cause}: ${variant}` : cause)

/** What is read of an outcome, as the page has it. */
async function readOf(outcome: Outcome): Promise<string> {
  const told = consoleOfTest()
  const { app, cookie, symptom } = await outcome.provoke()
  expect(symptom).toEqual(outcome.symptom)
  const lines = told.map((line) => line.replace(/^\[sojourn\] /, ''))
  expect(lines.join('\n'), 'one line on the console').not.toMatch(/\n/)
  const [line] = lines
  const entries = await app.entries(outcome.entry)
  expect(entries.length, `an entry "${outcome.entry}" in the timeline`).toBeGreaterThan(0)
  expect(await app.entries('warning')).toContain(line)
  if (outcome.cause in REJECTIONS) expect(entries).toContain(REJECTIONS[outcome.cause as Rejection])
  if (outcome.entry === 'rejected') await expectExplained()
  return [
    `- **${nameOf(outcome)}**`,
    `  - Console: ${asWritten(line!)}`,
    `  - Inspector, \`${outcome.entry}\`: ${entries[0] === line ? 'the same line' : entries[0]}`,
  ].join('\n')

  async function expectExplained() {
    const state = await app.state(cookie)
    expect([state.outcome, state.says, state.warnings]).toEqual(['rejected', entries[0], [line]])
    // Pasted, it is told what this app does with it.
    const [explained] = await app.explain(`Cookie: ${cookie}`)
    expect(explained!.verdict).toEqual([entries[0], line])
  }
}

/** A line in Markdown: no link, and without a size that varies with the nonce of the session. */
function asWritten(line: string): string {
  return line
    .replace(/would be \d+ bytes/, 'would be … bytes')
    .replace(/https?:\/\/[^\s,]+/, '`$&`')
}

/** The part of the page between two marks. */
function partOf(name: string): string {
  const [, part] = new RegExp(`<!-- ${name} -->\n([\\s\\S]*?)\n<!-- end -->`).exec(page) ?? []
  return part ?? ''
}

/** The first cells of the table whose head begins with this. */
function rowsUnder(head: string): string[] {
  const [, table = ''] = page.split(`| ${head} |`)
  const rows = table.split('\n\n', 1)[0]!.split('\n').slice(2)
  return rows.map((row) => row.split(' | ')[0]!.replace(/^\| /, ''))
}

const REMEDY = 'WRITE_DOCS=1 npx vitest run test/devtools/outcomes.test.ts writes the page'

function check(name: string, outcomes: readonly Outcome[]) {
  const found: string[] = []
  test.each(outcomes.map((outcome) => [nameOf(outcome), outcome] as const))(
    '%s',
    async (_, one) => {
      const read = await readOf(one)
      found.push(read)
      if (!process.env['WRITE_DOCS']) expect(partOf(name), REMEDY).toContain(read)
    },
  )
  test('and the page says nothing else', () => {
    if (process.env['WRITE_DOCS']) writePart(name, found.join('\n'))
    else expect(partOf(name), REMEDY).toBe(found.join('\n'))
  })
}

function writePart(name: string, text: string) {
  const before = readFileSync(PAGE, 'utf8')
  const part = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- end -->)`)
  writeFileSync(
    PAGE,
    before.replace(part, (_, start, end) => `${start}${text}\n${end}`),
  )
}

describe('each cause of an empty session is told on the console and in the inspector:', () => {
  check('causes', CAUSES)

  test('every row of the table is provoked, and every outcome has a row', () => {
    expect([...new Set(CAUSES.map(({ cause }) => cause))]).toEqual(rowsUnder('cause'))
  })
})

describe('each reason why a cookie is rejected is told on the console and in the inspector:', () => {
  check('reasons', REASONS)

  test('every row of the table is provoked, and every reason has a row', () => {
    const rows = rowsUnder('reason').flatMap((cell) => cell.replaceAll('`', '').split(', '))
    const provoked = REASONS.map(({ cause }) => cause)
    expect(provoked.toSorted()).toEqual(rows.toSorted())
    expect(provoked.toSorted()).toEqual(Object.keys(REJECTIONS).toSorted())
  })
})
