/** The test file in docs/guide/testing.md passes, as it stands there. */

import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { blocksOf } from '../package/blocks.ts'
import { root } from '../package/repository.ts'

test('the whole test file of the page on testing passes', () => {
  const block = blocksOf('docs/guide/testing.md').find(({ code }) => code.includes('node:test'))
  const folder = join(root, 'node_modules', '.cache')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `page-${process.pid}.test.mjs`)
  onTestFinished(() => rmSync(file, { force: true }))
  // Node runs no TypeScript in node_modules, and elsewhere it would not find the packages.
  writeFileSync(file, stripTypeScriptTypes(block!.code))
  const hooks = fileURLToPath(new URL('../examples/from-source.ts', import.meta.url))
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const args = ['--import', hooks, '--test', '--test-reporter=tap', file]
  expect(execFileSync(process.execPath, args, { encoding: 'utf8', env })).toMatch(/^# pass 2$/m)
})
