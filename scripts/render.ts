/** Renders the parts of docs/ that are written by the code: the captions, and the line of each error. */

import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { errorCatalogue } from '../src/base/errors.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Where the captions stand in docs/architecture.md. */
const MARKS = ['<!-- captions: npm run docs -->', '<!-- end of captions -->'] as const

/** The folders of src, the lowest floor first, as in the floors test. */
const FOLDERS = [
  'base',
  'http',
  'crypto',
  'record/text',
  'record',
  'backends',
  'backends/stored',
  'backends/foreign',
  'session/explain',
  'session/development',
  'session/csrf',
  'session/schema',
  'session/setup',
  'session/formerly',
  'session',
  'formerly',
  'stores',
  'stores/memory',
  'stores/sqlite',
  'stores/redis',
  'stores/postgres',
  'adapters/next',
  'adapters/node',
  'adapters',
  'adapters/express-session',
  'otel',
  'flask',
  'flask/session',
  'testing/time',
  'testing/conformance',
  'testing/adapter-conformance',
  'testing',
  'inspect',
  'devtools',
  'cli/command',
  'cli/inspect',
  'cli/migrate',
  'cli/secret',
  'cli/store',
  'cli/doctor',
  'cli',
  '.',
]

/** Every file of src with the first line of its docstring. */
export function captions(): Map<string, string> {
  const files = globSync('**/*.ts', { cwd: join(root, 'src') }).toSorted()
  return new Map(
    files.map((file) => [file, captionOf(readFileSync(join(root, 'src', file), 'utf8'))]),
  )
}

/** The caption of a source text, or an empty string where there is none. */
export function captionOf(source: string): string {
  return /^(?:#!.*\n)?\/\*\* (.+?)(?: \*\/)?\n/.exec(source)?.[1] ?? ''
}

/** The list of captions, one table for each folder. */
function captionTables(): string {
  const all = [...captions()]
  const missing = all.find(([file]) => !FOLDERS.includes(dirname(file)))
  if (missing)
    throw new Error(`Add the folder of src/${missing[0]} to FOLDERS in scripts/render.ts`)
  return FOLDERS.flatMap((folder) => {
    const own = all.filter(([file]) => dirname(file) === folder)
    if (own.length === 0) return []
    const rows = own.map(([file, caption]) => `| \`${file}\` | ${caption.replaceAll('|', '\\|')} |`)
    const title = folder === '.' ? 'src/' : `src/${folder}/`
    return [`### ${title}\n\n| file | what it is |\n| --- | --- |\n${rows.join('\n')}`]
  }).join('\n\n')
}

/** docs/architecture.md with its captions written anew. */
export function architecturePage(page: string): string {
  const [begin, end] = MARKS.map((mark) => page.indexOf(mark)) as [number, number]
  if (begin < 0 || end < begin) throw new Error(`docs/architecture.md needs ${MARKS.join(' and ')}`)
  return `${page.slice(0, begin)}${MARKS[0]}\n\n${captionTables()}\n\n${page.slice(end)}`
}

/** docs/errors.md with the line of each code written anew: its status and its message. */
export function errorsPage(page: string): string {
  const catalogue = errorCatalogue()
  const explained = [...page.matchAll(/^### (ERR_\w+)$/gm)].map(([, code]) => code!)
  const missing = catalogue.find(({ code }) => !explained.includes(code))
  if (missing) throw new Error(`Explain ${missing.code} in docs/errors.md`)
  return page.replace(/^### (ERR_\w+)\n\n(?:Status .*\n\n)?/gm, (_heading, code: string) => {
    const entry = catalogue.find((one) => one.code === code)
    if (!entry) throw new Error(`There is no ${code}, which docs/errors.md explains`)
    const message = entry.message.replaceAll('`', "'")
    return `### ${code}\n\nStatus ${entry.status}. \`${message}\`\n\n`
  })
}
