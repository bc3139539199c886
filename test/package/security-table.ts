/** Reads the tables of docs/security.md, and says what is wrong with them. */

import { testsIn } from './named-tests.ts'

/** A row: what it promises, and what is said to show it. */
export interface Row {
  readonly id: string
  readonly promise: string
  readonly tests: readonly { readonly file: string; readonly name: string }[]
  /** Why there is no test, or what the tests do not show. */
  readonly reasons: readonly string[]
}

/** Files of tests by their path in the repository. */
export type Files = ReadonlyMap<string, string>

/** The words a reason may begin with. */
const VERDICTS = ['Does not apply', 'Left to the app', 'A limit', 'By design', 'Measured'].join('|')

// `[promises/x](../test/promises/x.test.ts) "a name" "another"`
const TESTS =
  /^\[([\w./-]+)\]\(\.\.\/(test\/[\w./-]+\.test\.(?:ts|mjs))\)((?: "(?:[^"\\]|\\.)+")+)$/
const REASON = new RegExp(`^\\*\\*(?:${VERDICTS})\\.\\*\\* \\S.{20,}[.)]$`)

/** The rows of a page, and the lines in its tables that cannot be read. */
export function rowsOf(page: string): { rows: Row[]; problems: string[] } {
  const rows: Row[] = []
  const problems: string[] = []
  let isTable = false
  for (const line of page.split('\n')) {
    if (!line.startsWith('|')) isTable = false
    else if (line.startsWith('| id |')) isTable = true
    else if (isTable && !line.startsWith('| --- |')) readRow(line, rows, problems)
  }
  return { rows, problems }
}

function readRow(line: string, rows: Row[], problems: string[]): void {
  const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim())
  const [, id = '', promise = '', shown = ''] = cells
  if (cells.length !== 5 || id === '')
    return void problems.push(`not a row of three cells: ${line}`)
  const row = { id, promise, tests: [] as Row['tests'][number][], reasons: [] as string[] }
  rows.push(row)
  if (promise === '') problems.push(`${id}: promises nothing`)
  if (shown === '') return void problems.push(`${id}: no test and no reason`)
  for (const part of shown.split('<br>')) {
    const [, label, file, names] = TESTS.exec(part) ?? []
    if (file !== undefined && names !== undefined) {
      if (label !== labelOf(file)) problems.push(`${id}: the link to ${file} is called ${label}`)
      for (const [, name] of names.matchAll(/"((?:[^"\\]|\\.)+)"/g)) {
        row.tests.push({ file, name: name!.replaceAll(/\\(.)/g, '$1') })
      }
    } else if (REASON.test(part)) row.reasons.push(part)
    else problems.push(`${id}: neither tests nor a reason: ${part}`)
  }
}

function labelOf(file: string): string {
  return file.replace(/^test\//, '').replace(/\.test\.\w+$/, '')
}

/** What is wrong with the ids: each of them is wanted once, and no others. */
export function idProblems(rows: readonly Row[], wanted: readonly string[]): string[] {
  const found = rows.map(({ id }) => id)
  return [
    ...wanted.filter((id) => !found.includes(id)).map((id) => `${id}: has no row`),
    ...found.filter((id) => !wanted.includes(id)).map((id) => `${id}: nobody asked for it`),
    ...found.filter((id, index) => found.indexOf(id) !== index).map((id) => `${id}: twice`),
  ]
}

/** What is wrong with the tests that rows name, and which tests below `owned` no row names. */
export function testProblems(rows: readonly Row[], files: Files, owned: string): string[] {
  const tests = new Map([...files].map(([file, source]) => [file, testsIn(source)]))
  const problems: string[] = []
  const named = new Set<string>()
  for (const { id, tests: claimed } of rows) {
    for (const { file, name } of claimed) {
      const paths = tests.get(file)?.paths
      const matching = (paths ?? []).filter((path) => isName(name, path))
      if (!paths) problems.push(`${id}: there is no ${file}`)
      else if (!/\p{L}{3}/u.test(words(name))) problems.push(`${id}: "${name}" says nothing`)
      else if (matching.length !== 1) {
        problems.push(`${id}: ${matching.length} tests called "${name}" in ${file}`)
      } else named.add(`${file} ${matching[0]!.join(' > ')}`)
    }
  }
  for (const [file, { paths, unnamed }] of tests) {
    if (!file.startsWith(owned)) continue
    for (const line of unnamed) problems.push(`${file}:${line}: a title that no row can name`)
    for (const path of paths.map((titles) => titles.join(' > '))) {
      if (!named.has(`${file} ${path}`)) problems.push(`${file}: in no row: ${path}`)
    }
  }
  return problems
}

/** A test is called by its title, with as many of the titles around it as are needed. */
function isName(name: string, path: readonly string[]): boolean {
  return path.some((_, from) => path.slice(from).join(' > ') === name)
}

/** A name without what is filled in when the test runs. */
function words(name: string): string {
  return name.replaceAll(/%\w|\$\{[^}]*\}|\$[\w.]+/g, '')
}
