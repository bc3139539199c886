/** The API reference: TypeDoc's pages of every subpath's exports, named as apps import them. */

import { execFileSync } from 'node:child_process'
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { captionOf } from '../scripts/render.ts'
import { slug } from './slug.ts'

const site = import.meta.dirname
const root = join(site, '..')

/** Writes the reference into `pages/api`. A warning of TypeDoc ends the build. */
export function writeReference(pages: string): void {
  const subpaths = subpathsByModule()
  const made = join(site, '.typedoc')
  const file = join(site, '.typedoc.json')
  writeFileSync(file, JSON.stringify(optionsFor([...subpaths.keys()], made)))
  try {
    const typedoc = join(site, 'node_modules', '.bin', 'typedoc')
    execFileSync(typedoc, ['--options', file], { stdio: 'inherit' })
    nameBySubpath(subpaths, made, join(pages, 'api'))
  } finally {
    rmSync(file)
    rmSync(made, { recursive: true, force: true })
  }
}

/** The subpaths of the package, by the module of their source. */
function subpathsByModule(): Map<string, string> {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { types?: string }>
  }
  const subpaths = new Map<string, string>()
  for (const [subpath, entry] of Object.entries(exports)) {
    if (typeof entry !== 'object' || !entry.types) continue
    const module = entry.types.replace('./dist/', '').replace('.d.ts', '')
    subpaths.set(module, subpath.replace('.', 'sojourn'))
  }
  return subpaths
}

function optionsFor(modules: readonly string[], out: string): object {
  return {
    entryPoints: modules.map((module) => join(root, 'src', `${module}.ts`)),
    tsconfig: join(site, 'tsconfig.reference.json'),
    plugin: [join(site, 'node_modules', 'typedoc-plugin-markdown', 'dist', 'index.js')],
    out,
    readme: 'none',
    name: 'API reference',
    excludePrivate: true,
    excludeInternal: true,
    excludeExternals: true,
    disableSources: true,
    githubPages: false,
    hideBreadcrumbs: true,
    entryFileName: 'index',
    outputFileStrategy: 'modules',
    useCodeBlocks: true,
    sanitizeComments: true,
    skipErrorChecking: true,
    logLevel: 'Warn',
    treatWarningsAsErrors: true,
    // Types that are not exported stay in the sources: nobody can import them.
    validation: { notExported: false, invalidLink: true, rewrittenLink: true, notDocumented: true },
    // Not properties and accessors: test/package/reference.test.ts knows unions and setters.
    requiredToBeDocumented: ['Function', 'Class', 'Interface', 'TypeAlias', 'Variable', 'Method'],
  }
}

/** Copies the pages to where the subpaths say: `adapters/hono` to `hono`, `index-1` to `sojourn`. */
function nameBySubpath(subpaths: ReadonlyMap<string, string>, from: string, to: string): void {
  const places = new Map(
    [...subpaths].map(([module, subpath]) => {
      // TypeDoc has its own index.
      const page = module === 'index' ? 'index-1' : module
      return [page, { subpath, module, place: placeOf(subpath, [...subpaths.values()]) }]
    }),
  )
  for (const file of globSync('**/*.md', { cwd: from })) {
    const page = posix.normalize(file.replaceAll('\\', '/')).replace(/\.md$/, '')
    const known = places.get(page)
    if (!known) continue
    const titled = readFileSync(join(from, file), 'utf8')
      .replace(`# ${known.module}\n`, `# ${known.subpath}\n`)
      .replaceAll(/\]\((?!https?:)([^)#\s]*\.md)?(#[^)\s]*)?\)/g, (all, path = '', hash = '') => {
        if (path === '') return all
        const target = posix.join(posix.dirname(page), path).replace(/\.md$/, '')
        return `](/api/${places.get(target)?.place ?? ''}${hash})`
      })
    const target = join(to, `${known.place.replace(/\/$/, '/index')}.md`)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, forVue(withErrorLinks(withOwnAnchors(titled))))
  }
  writeFileSync(join(to, 'index.md'), forVue(indexPage(subpaths)))
}

/** The first page: each import with the caption of its source. */
function indexPage(subpaths: ReadonlyMap<string, string>): string {
  const rows = [...subpaths].map(([module, subpath]) => {
    const source = readFileSync(join(root, 'src', `${module}.ts`), 'utf8')
    const caption = captionOf(source)
    const place = placeOf(subpath, [...subpaths.values()])
    return `| [\`${subpath}\`](/api/${place}) | ${caption.replaceAll('|', '\\|')} |`
  })
  return `# API reference

Every export with its types, defaults, errors and an example, written from the declarations at each build. The
[error codes](/errors) have a page of their own.

| import | what it is |
| --- | --- |
${rows.join('\n')}
`
}

/** A subpath that has others below it is the index of their folder: `/api/stores/`. */
function placeOf(subpath: string, all: readonly string[]): string {
  const isFolder = subpath !== 'sojourn' && all.some((other) => other.startsWith(`${subpath}/`))
  return subpath.replace(/^sojourn\//, '') + (isFolder ? '/' : '')
}

/** TypeDoc counts a type that it meets under a second name: the number of its heading is too high then. */
function withOwnAnchors(markdown: string): string {
  const seen = new Map<string, number>()
  const anchors = new Set<string>()
  for (const [, heading] of markdown.matchAll(/^#+ (.+)$/gm)) {
    const anchor = slug(heading!)
    const count = seen.get(anchor) ?? 0
    seen.set(anchor, count + 1)
    anchors.add(count === 0 ? anchor : `${anchor}-${count}`)
  }
  return markdown.replaceAll(/\]\(#([^)\s]+)\)/g, (all, anchor: string) =>
    anchors.has(anchor) ? all : `](#${anchor.replace(/-\d+$/, '')})`,
  )
}

/** Each error code in the prose leads to its section of the page on errors. */
function withErrorLinks(markdown: string): string {
  const parts = markdown.split(/(^```[^]*?^```$)/m)
  return parts
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll(CODE, toErrors)))
    .join('')
}

/** A code, in back quotes or not; not in a heading, a longer name or a text in quotes. */
const CODE = /(?<![\w#'"/[`])(`?)(ERR_[A-Z_]+)\1(?![\w'"])/g

function toErrors(_all: string, _quote: string, code: string): string {
  return `[${code}](/errors#${code.toLowerCase()})`
}

/** Vue would take these for its own. */
function forVue(text: string): string {
  return text.replaceAll('{{', '&#123;&#123;')
}
