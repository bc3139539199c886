/** Migrates the files of an app together: first the call of `session()`, then every handler. */

import { basename, dirname, extname, join, posix, relative, sep } from 'node:path'
import { rewrite } from './accesses.ts'
import { toDropIn } from './drop-in.ts'
import { type Draft, draftOf, type Left } from './edits.ts'
import { giveSession, isLate, objection } from './handlers.ts'
import { loadingsOf, sessionLoadings } from './modules.ts'
import { type Access, accessesOf } from './requests.ts'
import { augmentations } from './data-type.ts'
import { insertImports } from './imports.ts'
import { makesSessions, type Setup, setupOf } from './setup.ts'
import { freeName, inside, isReference, type Node, parseFile } from './tree.ts'

/** What replaces `express-session`: the drop-in replacement, or Sojourn's own API. */
export type Target = 'drop-in' | 'sojourn'

/** A file as it was, and as it is after the migration. */
export interface Migrated {
  path: string
  /** `undefined` for a new file. */
  before: string | undefined
  after: string
  changes: number
  left: Left[]
  /** Why it could not be parsed; it is then unchanged. */
  error?: string
}

/** Libraries that need `req.session`, which only the drop-in replacement has. */
const NEED_REQ_SESSION =
  /^(?:passport(?:-.+)?|connect-flash|express-flash(?:-.+)?|csurf|lusca|grant|keycloak-connect|express-socket\.io-session)$/

/** The libraries in some files that need `req.session`. */
export function needingReqSession(files: ReadonlyMap<string, string>): string[] {
  const loaded = [...files.values()].flatMap((source) =>
    [...source.matchAll(/(?:from\s*|require\(\s*|import\s*)(['"])([^'"\n]+)\1/g)].map(
      ([, , name]) => name!,
    ),
  )
  return [...new Set(loaded.filter((name) => NEED_REQ_SESSION.test(name)))].toSorted()
}

/** Migrates files, given by their paths. A file that does not parse stays unchanged. */
export function migrate(
  files: ReadonlyMap<string, string>,
  to: Target,
  taken = (_path: string) => false,
): Migrated[] {
  const drafts: Draft[] = []
  const broken: Migrated[] = []
  for (const [path, source] of files) {
    try {
      drafts.push(draftOf(path, parseFile(path, source)))
    } catch (error) {
      const { message, loc } = error as SyntaxError & { loc?: { line: number } }
      const says = message.replace(/ \(\d+:\d+\)$/, '')
      const left = [
        {
          line: loc?.line ?? 1,
          what: says,
          write: 'Correct the syntax, and run the command again',
        },
      ]
      broken.push({ path, before: source, after: source, changes: 0, left, error: says })
    }
  }
  const made = to === 'drop-in' ? [] : toSojourn(drafts, taken)
  if (to === 'drop-in') for (const draft of drafts) toDropIn(draft)
  const results = drafts.map((draft) => {
    const { text, changes, left } = draft.result()
    return { path: draft.path, before: draft.tree.source, after: text, changes, left }
  })
  return [...results, ...made, ...broken]
}

/** The full migration. Changes nothing if it cannot rewrite the set-up. Returns new files. */
function toSojourn(drafts: readonly Draft[], taken: (path: string) => boolean): Migrated[] {
  const makers = drafts.filter(({ tree }) => makesSessions(tree))
  if (makers.length > 1) {
    for (const draft of makers) {
      draft.leave(
        sessionLoadings(draft.tree)[0]!.literal,
        'one of several set-ups',
        'Run the command for one app at a time: give its files as arguments',
      )
    }
    return []
  }
  const setup = makers[0] && setupOf(makers[0])
  if (!setup) {
    if (makers.length === 0) leaveTypes(drafts, undefined)
    return []
  }
  leaveTypes(drafts, setup.draft)
  leaveLibraries(drafts)
  const isSeen = ({ node }: Access, draft: Draft) =>
    draft === setup.draft && setup.block.start <= node.start && node.end <= setup.block.end
  const needsModule = drafts.some((draft) =>
    accessesOf(draft.tree).some((access) => access.handler && !isSeen(access, draft)),
  )
  const module = needsModule ? ownModule(setup, taken) : undefined
  setup.write(module && `./${basename(importable(module.path, setup.draft))}`)
  for (const draft of drafts) rewriteHandlers(draft, setup, module, isSeen)
  return module ? [module] : []
}

/** A new file that makes the sessions, for apps whose handlers are in several files. */
function ownModule(
  { draft, module }: Setup,
  taken: (path: string) => boolean,
): Migrated | undefined {
  if (!module) return undefined
  const extension = extname(draft.path).replace('x', '')
  const path = ['sessions', 'app-sessions']
    .map((name) => join(dirname(draft.path), name + extension))
    .find((path) => !taken(path))
  if (path === undefined) return undefined
  const imports = module.filter((line) => /^import |^const .*require\(/.test(line))
  const rest = module.filter((line) => !imports.includes(line))
  const { newline } = draft.style
  const after = [
    ...imports,
    '',
    ...rest.flatMap((line, index) => (index > 0 ? ['', line] : [line])),
    '',
  ].join(newline)
  const left: Left[] = /dotenv/.test(draft.tree.source)
    ? [
        {
          line: 1,
          what: 'process.env is read when this module is loaded',
          write: 'Start with node --env-file=.env, or import dotenv/config before this module',
        },
      ]
    : []
  return { path, before: undefined, after, changes: 1, left }
}

/** The path of a module of the app, as a file of this kind imports it. */
function importable(path: string, { style, tree }: Draft): string {
  if (!style.isModule) return path.replace(/\.c?js$/, '')
  if (!style.isTyped) return path
  const local = loadedLocally(tree.source)
  if (local?.endsWith('.ts')) return path
  return local?.endsWith('.js') ? path.replace(/ts$/, 'js') : path.replace(/\.[cm]?ts$/, '')
}

function loadedLocally(source: string): string | undefined {
  return /from\s*['"](\.\.?\/[^'"\n]+)['"]/.exec(source)?.[1]
}

/** Reports types of the data that are declared in other files. */
function leaveTypes(drafts: readonly Draft[], setup: Draft | undefined): void {
  for (const draft of drafts) {
    if (draft === setup) continue
    for (const node of augmentations(draft.tree)) {
      draft.leave(
        node,
        "declare module 'express-session'",
        'Write an exported interface, and pass it: createSessions<SessionData>',
      )
    }
  }
}

/** Reports libraries that would not find `req.session`. */
function leaveLibraries(drafts: readonly Draft[]): void {
  for (const draft of drafts) {
    for (const node of draft.tree.nodes) {
      if (node.type !== 'StringLiteral' || !NEED_REQ_SESSION.test(node['value'])) continue
      if (loadingsOf(draft.tree, node['value']).every(({ literal }) => literal !== node)) continue
      draft.leave(node, node['value'], 'It needs req.session: it works only with --to drop-in')
    }
  }
}

/** Rewrites the handlers of one file. */
function rewriteHandlers(
  draft: Draft,
  setup: Setup,
  module: Migrated | undefined,
  isSeen: (access: Access, draft: Draft) => boolean,
): void {
  const { tree } = draft
  const isSetup = draft === setup.draft
  const sessions = isSetup ? setup.name : freeName(tree, 'sessions', 'appSessions')
  const byHandler = new Map<Node | undefined, Access[]>()
  for (const access of accessesOf(tree)) {
    byHandler.set(access.handler, [...(byHandler.get(access.handler) ?? []), access])
  }
  let isUsed = false
  for (const [handler, accesses] of byHandler) {
    const [{ request }] = accesses as [Access]
    const why = whyNot(draft, handler, accesses, module, isSeen)
    if (!handler || why) {
      const write = `Write const session = await ${sessions}.get(${request || 'req'}) in an async function, then use get, set and delete`
      for (const { node } of accesses)
        draft.leave(node, lineAt(tree.source, node), why ? `${why}. ${write}` : write)
      continue
    }
    const session = sessionName(draft, handler)
    const done: Node[] = []
    for (const access of accesses) {
      // A counter is rewritten as a whole: `x = (x || 0) + 1`.
      if (done.some(({ start, end }) => start <= access.node.start && access.node.end <= end))
        continue
      if (isLate(tree, access.node)) {
        const write =
          'Do this before the response is sent: afterwards the session cannot be changed'
        draft.leave(access.node, lineAt(tree.source, access.node), write)
        continue
      }
      const replaced = rewrite(draft, { ...access, session, others: accesses })
      if (replaced) done.push(replaced)
    }
    if (done.length === 0) continue
    giveSession(draft, handler, done, `const ${session} = await ${sessions}.get(${request})`)
    isUsed = true
  }
  if (!isUsed || isSetup || !module) return
  const path = relative(dirname(draft.path), importable(module.path, draft))
    .split(sep)
    .join(posix.sep)
  const from = path.startsWith('.') ? path : `./${path}`
  insertImports(draft, [{ module: from, name: 'sessions', local: sessions }])
}

function whyNot(
  draft: Draft,
  handler: Node | undefined,
  accesses: readonly Access[],
  module: Migrated | undefined,
  isSeen: (access: Access, draft: Draft) => boolean,
): string | undefined {
  if (!handler) return 'This is not in a handler of the router'
  if (!module && !isSeen(accesses[0]!, draft)) return 'Export sessions from a module of its own'
  return objection(draft.tree, handler)
}

/** The variable's name: `session`, unless the handler uses that name for something else. */
function sessionName({ tree }: Draft, handler: Node): string {
  const isTaken = inside(handler).some((it) => it['name'] === 'session' && isReference(tree, it))
  return isTaken ? freeName(tree, 'current', 'visitorSession') : 'session'
}

function lineAt(source: string, { start }: Node): string {
  const line = source
    .slice(source.lastIndexOf('\n', start - 1) + 1, (source + '\n').indexOf('\n', start))
    .trim()
  return line.length > 70 ? `${line.slice(0, 69)}…` : line
}
