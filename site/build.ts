/** Builds the documentation site into site/dist: pages, API reference, search, llms.txt. No network. */

import { execFileSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { brokenAnchors } from './anchors.ts'
import { GROUPS } from './nav.ts'
import { writeReference } from './reference.ts'

const site = import.meta.dirname
const root = join(site, '..')
const pages = join(site, '.pages')
const dist = join(site, 'dist')

/** Pages from outside docs/. */
const OTHERS = {
  'docs/README.md': 'contents.md',
  'SECURITY.md': 'security-policy.md',
  'CHANGELOG.md': 'changelog.md',
}

rmSync(pages, { recursive: true, force: true })
copyPages()
writeReference(pages)
writeHome()
mkdirSync(join(pages, '.vitepress'), { recursive: true })
cpSync(join(site, 'site.config.ts'), join(pages, '.vitepress', 'config.ts'))
for (const file of ['nav.ts', 'slug.ts']) cpSync(join(site, file), join(pages, '.vitepress', file))
if (!process.argv.includes('--sources-only')) {
  rmSync(dist, { recursive: true, force: true })
  execFileSync(
    join(site, 'node_modules', '.bin', 'vitepress'),
    ['build', pages, '--outDir', dist],
    {
      stdio: 'inherit',
    },
  )
  const broken = brokenAnchors(dist)
  if (broken.length > 0) throw new Error(`Links to no place of a page:\n${broken.join('\n')}`)
  writeForMachines()
}

function copyPages(): void {
  for (const file of globSync('**/*.md', { cwd: join(root, 'docs') })) {
    if (file === 'README.md') continue
    put(file, forSite(readFileSync(join(root, 'docs', file), 'utf8'), `docs/${file}`))
  }
  for (const [from, to] of Object.entries(OTHERS)) {
    put(to, forSite(readFileSync(join(root, from), 'utf8'), from))
  }
  cpSync(join(root, 'docs', 'performance.svg'), join(pages, 'performance.svg'))
  cpSync(join(root, 'docs', 'images'), join(pages, 'images'), { recursive: true })
}

function put(file: string, text: string): void {
  mkdirSync(join(pages, dirname(file)), { recursive: true })
  writeFileSync(join(pages, file), text)
}

/** A page with its links as they are in the site; what is not in the site is no link. */
function forSite(markdown: string, from: string): string {
  const outside = /^```[^]*?^```/gm
  const blocks: string[] = []
  const prose = markdown.replace(outside, (block) => `\u0000${blocks.push(block) - 1}\u0000`)
  const linked = prose.replace(
    /(?<!!)\[([^\]]*)\]\((?!https?:|mailto:|#)([^)\s]+)\)/g,
    (_all, text: string, target: string) => {
      const [path = '', hash] = target.split('#')
      const file = posix.normalize(posix.join(posix.dirname(from), path))
      const place = placeOf(file)
      return place === undefined
        ? named(text, file)
        : `[${text}](/${place}${hash ? `#${hash}` : ''})`
    },
  )
  const pictured = linked.replaceAll('](docs/images/', '](./images/')
  // Vue would take these for its own.
  const safe = pictured.replaceAll('{{', '&#123;&#123;')
  return safe.replace(/\u0000(\d+)\u0000/g, (_all, index: string) => blocks[Number(index)]!)
}

/** A file that is not in the site: its path, unless the text of the link says it. */
function named(text: string, file: string): string {
  if (text.includes('/') || text.includes(posix.basename(file))) return text
  const isWord = /^tests?$/i.test(text) || file.toLowerCase().startsWith(text.toLowerCase())
  return isWord ? `\`${file}\`` : `${text} (\`${file}\`)`
}

function placeOf(file: string): string | undefined {
  if (file === 'README.md') return ''
  const other = OTHERS[file as keyof typeof OTHERS]
  if (other) return other.replace(/\.md$/, '')
  return /^docs\/.*\.md$/.test(file) ? file.slice('docs/'.length, -'.md'.length) : undefined
}

function writeHome(): void {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  put('index.md', forSite(readme, 'README.md'))
}

/** `llms.txt` (llmstxt.org), each page as Markdown beside its HTML, and all in one file. */
function writeForMachines(): void {
  const list: string[] = ['\n- [Home](/index.md)', '- [All pages](/contents.md)']
  const all: string[] = [readFileSync(join(pages, 'index.md'), 'utf8')]
  for (const { text, pages: links } of GROUPS) {
    list.push(`\n## ${text}\n`)
    for (const [name, link] of links) {
      const markdown = readFileSync(join(pages, `${link}.md`), 'utf8')
      list.push(`- [${name}](/${link}.md)`)
      all.push(markdown)
    }
  }
  for (const file of globSync('**/*.md', { cwd: pages })) {
    mkdirSync(join(dist, dirname(file)), { recursive: true })
    cpSync(join(pages, file), join(dist, file))
  }
  // The pages as Markdown name pictures by their own paths.
  for (const file of ['images', 'performance.svg']) {
    cpSync(join(pages, file), join(dist, file), { recursive: true })
  }
  const reference = globSync('api/**/*.md', { cwd: pages }).toSorted()
  const policies = ['security-policy', 'changelog'].map((page) => `- [${page}](/${page}.md)`)
  const summary =
    '# Sojourn\n\n> Session management for TypeScript and JavaScript servers: signed or encrypted cookies, or a store (SQLite, Redis, PostgreSQL), with adapters for every framework. Byte-compatible with Flask.\n'
  writeFileSync(
    join(dist, 'llms.txt'),
    `${summary}${list.join('\n')}\n\n## Reference\n\n${reference.map((file) => `- [${file.slice('api/'.length, -'.md'.length)}](/${file})`).join('\n')}\n\n## Project\n\n${policies.join('\n')}\n`,
  )
  writeFileSync(join(dist, 'llms-full.txt'), all.join('\n\n'))
}
