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
  /** The file in `examples/` that it quotes, named after the language: "```ts examples/koa.ts". */
  quoted: string | undefined
}

/** The pages whose programs are checked; decisions quote what was not done, too. */
export function pages(): string[] {
  return ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...files('docs/**/*.md')].filter(
    (page) => !page.startsWith('docs/decisions/'),
  )
}

/** The blocks of a page in TypeScript and JavaScript, and what it quotes of examples in any language. */
export function blocksOf(page: string, markdown = text(page)): Block[] {
  const fences = markdown.matchAll(
    /^([ \t]*)```(ts\b|typescript|js\b|javascript|\w+(?= examples\/))([^\n]*)\n([^]*?)^\1```/gm,
  )
  return [...fences].map(([, indent, language, info, code], index, all) => {
    const at = markdown.indexOf(code!, index > 0 ? markdown.indexOf(all[index - 1]![4]!) : 0)
    return {
      page,
      line: markdown.slice(0, at).split('\n').length,
      language: language!.startsWith('t') ? 'ts' : 'js',
      code: code!.replaceAll(new RegExp(`^${indent!}`, 'gm'), ''),
      quoted: /examples\/\S+/.exec(info!)?.[0],
    }
  })
}

// What a short block may use without saying where it comes from, as its page has said it before.
const SURROUNDINGS = `
import type { Express, Request as ExpressRequest, Response as ExpressResponse } from 'express'
import type { Session, Sessions, StoredSessions } from 'sojourn'
declare global {
  const app: Express
  const req: ExpressRequest
  const res: ExpressResponse
  const request: Request
  const sessions: Sessions
  const session: Session
}
`

// Of frameworks that are not installed here, and are built in `npm run test:long`: any types.
const ELSEWHERE = `
declare module 'next/headers'
declare module 'next/navigation'
declare module 'next/server'
declare module '@sveltejs/kit/hooks'
declare module 'sodium-native'
`

/**
 * The parts of a block that are not in the example that it quotes. A blank line, or the line `// ...`,
 * may leave something out; indentation does not count.
 */
export function misquoted({ page, line, code, quoted }: Block): string[] {
  const trimmed = (of: string) => of.replaceAll(/^[ \t]+|[ \t]+$/gm, '').trim()
  const example = trimmed(text(quoted!))
  return trimmed(code)
    .split(/\n(?:\/\/ \.\.\.)?\n+/)
    .filter((part) => part !== '// ...' && !example.includes(part))
    .map((part) => `${page}:${line} is not in ${quoted}: ${part}`)
}

/**
 * What the compiler has against the blocks, each with the page and line of its block.
 *
 * @param sessions the type of the variable `sessions`. @default 'Sessions'
 */
export function compile(
  blocks: readonly Block[],
  sessions: 'Sessions' | 'StoredSessions' = 'Sessions',
): string[] {
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
  const surroundings = SURROUNDINGS.replace('sessions: Sessions', `sessions: ${sessions}`)
  writeFileSync(join(folder, 'surroundings.d.ts'), surroundings)
  writeFileSync(join(folder, 'elsewhere.d.ts'), ELSEWHERE)
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
    files: [...place.keys(), 'surroundings.d.ts', 'elsewhere.d.ts'],
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
