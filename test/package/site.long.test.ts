/** The documentation site, built: the build itself ends at a dead link, a lost anchor or a warning. */

import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { GROUPS } from '../../site/nav.ts'
import { root } from './repository.ts'

const dist = join(root, 'site', 'dist')

beforeAll(() => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/site.mjs'], {
    cwd: root,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`The site was not built:\n${stderr.slice(-2000)}`)
}, 600_000)

const texts = (pattern: string) =>
  globSync(pattern, { cwd: dist }).map((file) => [file, readFileSync(join(dist, file), 'utf8')])

test('every link and picture of a page leads to a file of the site, and nothing is loaded from elsewhere', () => {
  const lost: string[] = []
  for (const [file, html] of texts('**/*.html') as [string, string][]) {
    for (const [, attribute, address] of html.matchAll(/<[^>]* (href|src)="([^"#?]+)[^"]*"/g)) {
      if (/^(mailto:|data:)/.test(address!)) continue
      if (/^https?:/.test(address!)) {
        if (attribute === 'src') lost.push(`${file} loads ${address}`)
        continue
      }
      const path = address!.startsWith('/')
        ? join(dist, address!)
        : join(dist, dirname(file), address!)
      const files = [path, `${path}.html`, join(path, 'index.html')]
      if (!files.some((one) => existsSync(one) && !one.endsWith('/')))
        lost.push(`${file}: ${address}`)
    }
  }
  expect(lost).toEqual([])
})

test('each page is there as Markdown, with its pictures, and llms.txt lists it', () => {
  const list = readFileSync(join(dist, 'llms.txt'), 'utf8')
  const links = GROUPS.flatMap(({ pages }) => pages.map(([, link]) => link))
  expect(links.filter((link) => !list.includes(`(/${link}.md)`))).toEqual([])
  const lost: string[] = []
  for (const [file, markdown] of texts('**/*.md') as [string, string][]) {
    for (const [, target] of markdown.matchAll(/!\[[^\]]*\]\(([^)\s]+)\)/g)) {
      if (!existsSync(join(dist, dirname(file), target!))) lost.push(`${file}: ${target}`)
    }
  }
  expect(lost).toEqual([])
})
