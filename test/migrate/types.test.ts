import { expect, test } from 'vitest'
import { compile } from '../package/blocks.ts'
import { filesIn, reportOf } from './apps.ts'

test('in migrated TypeScript the compiler objects to what is left for a person, and to nothing else', () => {
  const page = 'src/server.ts'
  const code = filesIn('typescript', 'sojourn').get(page)!
  const found = compile([{ page, line: 1, language: 'ts', code, quoted: undefined }])
  const lines = found.map((complaint) => Number(/:(\d+) /.exec(complaint)![1]))
  // The handler of `req.session.destroy((err) => ...)`.
  const [, destroyed] = /:(\d+) {2}req\.session\.destroy/.exec(reportOf('typescript', 'sojourn'))!
  expect(lines).toContain(Number(destroyed))
  expect(lines.filter((line) => line !== Number(destroyed))).toEqual([])
})
