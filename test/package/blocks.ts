/** Takes the programs out of the documentation and has the compiler look at them. */

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { files, root, text } from './repository.ts'

/** A fenced block of a page. */
export interface Block {
  page: string
  line: number
  language: string
  code: string
}

/** The pages whose programs are checked; decisions quote what was not done, too. */
export function pages(): string[] {
  return ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...files('docs/**/*.md')].filter(
    (page) => !page.startsWith('docs/decisions/'),
  )
}

/** An excerpt of an example, as in "```ts examples/nitro/server/sessions.ts". */
export interface Excerpt {
  page: string
  file: string
  code: string
}

/** The excerpts of a page: their packages are not installed here, so the examples' tests run them. */
export function excerptsOf(page: string, markdown = text(page)): Excerpt[] {
  const fences = markdown.matchAll(/^```\w+ (examples\/\S+)\n([^]*?)^```/gm)
  return [...fences].map(([, file, code]) => ({ page, file: file!, code: code! }))
}

/** The TypeScript and JavaScript blocks of a page, but for its excerpts of examples. */
export function blocksOf(page: string, markdown = text(page)): Block[] {
  const fences = markdown.matchAll(
    /^([ \t]*)```(ts|typescript|js|javascript)\b(?! examples\/)[^\n]*\n([^]*?)^\1```/gm,
  )
  return [...fences].map(([, indent, language, code], index, all) => {
    const at = markdown.indexOf(code!, index > 0 ? markdown.indexOf(all[index - 1]![3]!) : 0)
    return {
      page,
      line: markdown.slice(0, at).split('\n').length,
      language: language!.startsWith('t') ? 'ts' : 'js',
      code: code!.replaceAll(new RegExp(`^${indent!}`, 'gm'), ''),
    }
  })
}

// What a short block may use without saying where it comes from, as its page has said it before.
const SURROUNDINGS = `
import type { Express, Request as ExpressRequest, Response as ExpressResponse } from 'express'
import type { Session, Sessions } from 'sojourn'
declare global {
  const app: Express
  const req: ExpressRequest
  const res: ExpressResponse
  const request: Request
  const sessions: Sessions
  const session: Session
}
`

/** What the compiler has against the blocks, each with the page and line of its block. */
export function compile(blocks: readonly Block[]): string[] {
  const cache = join(root, 'node_modules', '.cache')
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'docs-'))
  const place = new Map<string, Block>()
  blocks.forEach((block, index) => {
    const isScript = block.language === 'js' && /\brequire\(/.test(block.code)
    const name = `block-${index}.${isScript ? 'cjs' : block.language}`
    place.set(name, block)
    // A block of its own: what it declares is not seen by the next one.
    writeFileSync(join(folder, name), isScript ? block.code : `${block.code}\nexport {}\n`)
  })
  writeFileSync(join(folder, 'surroundings.d.ts'), SURROUNDINGS)
  const options = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      allowJs: true,
      checkJs: true,
      noImplicitAny: true,
      noUnusedLocals: false,
      noUnusedParameters: false,
      rootDir: root,
    },
    include: [],
    files: [...place.keys(), 'surroundings.d.ts'],
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options))
  const tsc = join(root, 'node_modules', '.bin', 'tsc')
  const { stdout, status } = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], {
    encoding: 'utf8',
    cwd: folder,
  })
  rmSync(folder, { recursive: true, force: true })
  const complaints = stdout.split('\n').filter((line) => /error TS/.test(line))
  if (status !== 0 && complaints.length === 0) return [`tsc ended with ${status}: ${stdout}`]
  return complaints.map((complaint) => {
    const [, name, line] = /(block-\d+\.\w+)\((\d+),/.exec(complaint) ?? []
    const block = name === undefined ? undefined : place.get(name)
    if (!block) return complaint
    return `${block.page}:${block.line + Number(line) - 1} ${complaint.slice(complaint.indexOf('error'))}`
  })
}
