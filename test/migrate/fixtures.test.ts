import { describe, expect, it, test } from 'vitest'
import { migrate } from '../../packages/migrate/src/migrate.ts'
import { parseFile } from '../../packages/migrate/src/tree.ts'
import { filesIn, OUTCOMES, reportOf } from './apps.ts'

describe.each(OUTCOMES)('$app, migrated to $to', ({ app, to }) => {
  const before = filesIn(app, 'before')
  const results = migrate(before, to)
  const after = new Map(results.map((result) => [result.path, result.after]))

  it('is rewritten exactly so, and nothing else in it is touched', () => {
    expect(Object.fromEntries(after)).toEqual(Object.fromEntries(filesIn(app, to)))
  })

  it('has listed what is left, with the lines of the new files', () => {
    const left = results.flatMap(({ path, left }) =>
      left.map(({ line, what, write }) => `${path}:${line}  ${what}\n    ${write}\n`),
    )
    expect(left.join('')).toBe(reportOf(app, to))
  })

  it('still parses', () => {
    for (const [path, text] of after) expect(() => parseFile(path, text)).not.toThrow()
  })

  it('does not change when it is migrated again', () => {
    for (const { path, before, after: again } of migrate(after, to))
      expect(again, path).toBe(before)
  })
})

test('each listed line has the code that it is about, or what took its place', () => {
  const results = migrate(filesIn('login', 'before'), 'sojourn')
  const { after, left } = results[0]!
  const lines = after.split('\n')
  for (const { line, what } of left.filter((it) => it.what.startsWith('req.session.'))) {
    expect(lines[line - 1]).toContain(what)
  }
  expect(left.filter((it) => it.what.startsWith('req.session.')).length).toBeGreaterThan(3)
})

test('files without express-session are unchanged, also if a request has a session of another library', () => {
  const source = `const session = require('cookie-session')
app.use(session({ secret: 'x' }))
app.get('/', (req, res) => { req.session.n = 1; res.end() })
`
  for (const to of ['sojourn', 'drop-in'] as const) {
    expect(migrate(new Map([['app.js', source]]), to)).toEqual([
      { path: 'app.js', before: source, after: source, changes: 0, left: [] },
    ])
  }
})

test('a syntax error is reported with file and line, and leaves the file alone', () => {
  const broken = `import session from 'express-session'\n\napp.use(session({ secret: )\n`
  const fine = `import session from 'express-session'\n`
  const files = new Map([
    ['broken.js', broken],
    ['fine.js', fine],
  ])
  const results = migrate(files, 'drop-in')
  const found = results.find(({ path }) => path === 'broken.js')!
  expect(found.after).toBe(broken)
  expect(found.error).toContain('Unexpected token')
  expect(found.left).toEqual([expect.objectContaining({ line: 3 })])
  expect(results.find(({ path }) => path === 'fine.js')!.after).toContain('sojourn/express-session')
})

test('a set-up that is not plain leaves the whole app as it is: half a migration would not run', () => {
  for (const app of ['mongo', 'computed']) {
    const before = filesIn(app, 'before')
    const results = migrate(before, 'sojourn')
    for (const { path, after } of results) expect(after).toBe(before.get(path))
    expect(results[0]!.left).toHaveLength(1)
  }
})

test('Windows line ends stay', () => {
  const { after } = migrate(filesIn('crlf', 'before'), 'sojourn')[0]!
  expect(after.replaceAll('\r\n', '')).not.toContain('\n')
})
