/** The documentation site: every page has its place, and every place a page. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { GROUPS } from '../../site/nav.ts'
import { files, root } from './repository.ts'

const links = GROUPS.flatMap(({ pages }) => pages.map(([, link]) => link))

test('the navigation leads to pages that exist, each once', () => {
  expect(links.filter((link) => !existsSync(join(root, 'docs', `${link}.md`)))).toEqual([])
  expect(links).toHaveLength(new Set(links).size)
})

test('every page is in the navigation, but for decisions', () => {
  const pages = files('docs/**/*.md').map((file) => file.slice('docs/'.length, -'.md'.length))
  const missing = pages.filter(
    (page) => page !== 'README' && !page.startsWith('decisions/') && !links.includes(page),
  )
  expect(missing).toEqual([])
})
