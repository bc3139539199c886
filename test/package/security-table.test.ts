import { describe, expect, it } from 'vitest'
import { testsIn } from './named-tests.ts'
import { files, text } from './repository.ts'
import { idProblems, rowsOf, testProblems } from './security-table.ts'

const numbered = (letter: string, last: number) =>
  Array.from({ length: last }, (_, index) => `${letter}-${String(index + 1).padStart(2, '0')}`)
const chapters = (prefix: string, ids: string) => ids.split(' ').map((id) => `${prefix}-${id}`)

/** Every row that the page has to have. */
const WANTED = [
  ...chapters(
    'V5',
    `3.3.1 3.3.2 3.3.3 3.3.4 3.3.5 3.5.1 7.1.1 7.1.2 7.1.3 7.2.1 7.2.2 7.2.3 7.2.4 7.3.1 7.3.2 7.4.1 7.4.2 7.4.3 7.4.4 7.4.5 7.5.1 7.5.2 7.5.3 7.6.1 7.6.2 9.1.1 9.1.2 9.1.3 9.2.1 9.2.2 9.2.3 9.2.4 11.1.2 11.2.1 11.2.2 11.2.3 11.2.4 11.2.5 11.3.2 11.3.3 11.3.4 11.3.5 11.4.1 11.4.3 11.5.1 14.2.1 14.2.2 14.3.1 14.3.2 14.3.3 16.2.5 16.3.3 16.4.1 16.5.1 16.5.2 16.5.3 16.5.4`,
  ),
  ...chapters(
    'V4',
    `3.1.1 3.2.1 3.2.2 3.2.3 3.3.1 3.3.2 3.3.3 3.3.4 3.4.1 3.4.2 3.4.3 3.4.4 3.4.5 3.5.2 3.5.3-tampering 3.5.3-enveloping 3.5.3-replay 3.5.3-null-cipher 3.5.3-key-substitution 3.7.1`,
  ),
  ...numbered('S', 14),
  ...numbered('N', 7),
  ...numbered('R', 8),
  ...numbered('C', 65),
  'C-32b',
  ...numbered('A', 42),
  ...numbered('F', 38),
]

const page = text('docs/security.md')
const sources = new Map(files('test/**/*.test.{ts,mjs}').map((file) => [file, text(file)] as const))
const { rows, problems } = rowsOf(page)

describe('docs/security.md', () => {
  it('has a row for each requirement, advisory, attack and fault, once', () => {
    expect(idProblems(rows, WANTED)).toEqual([])
  })

  it('says in each row which tests show it, or why none does', () => {
    expect(problems).toEqual([])
  })

  it('names only tests that exist, and every test in test/security', () => {
    expect(testProblems(rows, sources, 'test/security/')).toEqual([])
  })
})

const SOURCE = `
describe('a door', () => {
  it('opens', () => {})
  test.each([1, 2])('shuts %s times', () => {})
  describe.each(NAMES)('%s', () => {
    it.for(LOCKS)('%s', () => {})
  })
})
describe('a window', () => {
  it('opens', () => { test.each(x) })
  it(\`has \${panes} panes\`, () => {})
  for (const name of NAMES) it(name, () => {})
})
// it('is a comment')
const text = "it('is a text')"
`

const table = (...lines: string[]) =>
  ['| id | promise | shown by |', '| --- | --- | --- |', ...lines].join('\n')
const row = (shown: string) => table(`| C-01 | Holds. | ${shown} |`)
const link = '[security/x](../test/security/x.test.ts)'
const whatIsWrong = (shown: string) => {
  const read = rowsOf(row(shown))
  const source = new Map([['test/security/x.test.ts', SOURCE]])
  return [...read.problems, ...testProblems(read.rows, source, 'test/other/')]
}

describe('the names of tests', () => {
  it('are those in the source, with what is filled in left open', () => {
    const { paths, unnamed } = testsIn(SOURCE)
    expect(paths).toEqual([
      ['a door', 'opens'],
      ['a door', 'shuts %s times'],
      ['a door', '%s', '%s'],
      ['a window', 'opens'],
      ['a window', 'has ${panes} panes'],
    ])
    expect(unnamed).toEqual([12])
  })

  it.each([
    'a door > opens',
    'shuts %s times',
    'a door > shuts %s times',
    'has ${panes} panes',
    'a door > %s > %s',
  ])('%j is one', (name) => {
    expect(whatIsWrong(`${link} "${name}"`)).toEqual([])
  })

  it.each([
    ['opens', '2 tests called'],
    ['open', '0 tests called'],
    ['shuts', '0 tests called'],
    ['shuts 1 times', '0 tests called'],
    ['a door', '0 tests called'],
    ['door > opens', '0 tests called'],
    ['is a comment', '0 tests called'],
    ['is a text', '0 tests called'],
    ['%s', 'says nothing'],
    ['%s > %s', 'says nothing'],
  ])('%j is none', (name, problem) => {
    expect(whatIsWrong(`${link} "${name}"`)).toEqual([expect.stringContaining(problem)])
  })
})

describe('a page of this kind is found out', () => {
  it.each([
    ['', 'no test and no reason'],
    ['Trust us.', 'neither tests nor a reason'],
    ['**Trust us.** It is as safe as it can be, we think.', 'neither tests nor a reason'],
    ['**A limit.** Yes.', 'neither tests nor a reason'],
    [link, 'neither tests nor a reason'],
    [`${link} a door > opens`, 'neither tests nor a reason'],
    [`${link} "a door > opens" and more`, 'neither tests nor a reason'],
    ['[x](../src/x.test.ts) "a door > opens"', 'neither tests nor a reason'],
    ['[y](../test/security/x.test.ts) "a door > opens"', 'is called y'],
    ['[security/y](../test/security/y.test.ts) "opens"', 'there is no'],
    [`${link} "a door > opens" "a window > shuts"`, '0 tests called'],
  ])('its proof is %j', (shown, problem) => {
    expect(whatIsWrong(shown)).toEqual([expect.stringContaining(problem)])
  })

  it('takes several files, and a reason beside them', () => {
    const reason = '**A limit.** A door that is open lets everybody in.'
    expect(whatIsWrong(`${link} "a door > opens" "a window > opens"<br>${reason}`)).toEqual([])
  })

  it('it lacks a row, has one twice, or one of its own', () => {
    const lines = ['C-01', 'C-01', 'C-03'].map((id) => `| ${id} | Holds. | ${link} "opens" |`)
    expect(idProblems(rowsOf(table(...lines)).rows, ['C-01', 'C-02'])).toEqual([
      'C-02: has no row',
      'C-03: nobody asked for it',
      'C-01: twice',
    ])
    expect(rowsOf(table('| C-01 | Holds. |')).problems).toHaveLength(1)
    expect(rowsOf(table('| C-01 |  | **A limit.** Nobody can hold this door. |')).problems).toEqual(
      ['C-01: promises nothing'],
    )
  })

  it('a security test is in no row, or has a name that no row can name', () => {
    const { rows: one } = rowsOf(row(`${link} "a door > opens"`))
    const source = new Map([['test/security/x.test.ts', SOURCE]])
    expect(testProblems(one, source, 'test/security/')).toEqual([
      'test/security/x.test.ts:12: a title that no row can name',
      'test/security/x.test.ts: in no row: a door > shuts %s times',
      'test/security/x.test.ts: in no row: a door > %s > %s',
      'test/security/x.test.ts: in no row: a window > opens',
      'test/security/x.test.ts: in no row: a window > has ${panes} panes',
    ])
  })
})
