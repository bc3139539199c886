/** What is in the repository: nothing that is built, and nothing that was downloaded. */

import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { root } from './repository.ts'

function tracked(...options: string[]): string[] | undefined {
  const args = ['ls-files', ...options]
  const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8' })
  return status === 0 ? stdout.split('\n').filter(Boolean) : undefined
}

test('no file that Git should ignore is in the repository', ({ skip }) => {
  const ignored = tracked('--cached', '--ignored', '--exclude-standard')
  skip(ignored === undefined, 'This is no checkout of Git.')
  expect(ignored).toEqual([])
})

test('no package or archive is in the repository', ({ skip }) => {
  const files = tracked()
  skip(files === undefined, 'This is no checkout of Git.')
  expect(files!.filter((file) => /\.(?:whl|tgz|zip|gz|bz2|xz|jar|node)$/.test(file))).toEqual([])
})
