/** Renders the parts of docs/ that are written by the code: the captions and the errors. */

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

/** docs/errors.md. */
export function errorsPage(): string {
  const entries = errorCatalogue().map(
    ({ code, status, message }) =>
      `## ${code}\n\nStatus ${status}. \`${message.replaceAll('`', "'")}\``,
  )
  return `# Errors

Every error of this library is a \`SessionError\`. Tell them apart by \`code\`: codes are stable, messages are
not. \`status\` is the HTTP status that fits, which Express and others read. A message never holds a secret,
an id or a value; \`cause\` is the error underneath, if there is one. What stands in \`<>\` is filled in.

A cookie that was tampered with, has expired or is malformed is no error: the visitor gets an anonymous
session, and the app an [event](events.md).

This page is written by \`npm run docs\`.

${entries.join('\n\n')}
`
}
