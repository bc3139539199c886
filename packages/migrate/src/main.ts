#!/usr/bin/env node
/** The command `sojourn-migrate`: rewrites an app, and prints what is left for a person. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { unifiedDiff } from './diff.ts'
import { migrate, type Migrated, needingReqSession, type Target } from './migrate.ts'
import { expressMajor, findFiles, unsafe } from './project.ts'
import { report } from './report.ts'

const USAGE = `sojourn migrate express-session [FILE...]   rewrites the app's files, and prints what is left to do
  [--to drop-in]    changes only the import, to sojourn/express-session; req.session stays
  [--to sojourn]    uses createSessions, with session.get() and session.set() in the handlers. This
                      is the default, unless a library such as Passport needs req.session
  [--dry]           prints a diff and writes nothing
  [--force]         also writes files that git cannot restore
FILE: by default all files in this folder that use express-session. Give all files of one app
together. Exit codes: 0 done, 1 a file was not written, 2 invalid arguments.
`

process.exitCode = run(process.argv.slice(2))

function run(args: readonly string[]): number {
  const given = understood(args)
  if (given === undefined) {
    process.stderr.write(USAGE)
    return 2
  }
  if (given.values.help || given.positionals.length === 0) {
    process.stdout.write(USAGE)
    return given.values.help ? 0 : 2
  }
  const folder = process.cwd()
  const [, ...named] = given.positionals
  const missing = named.find((path) => !existsSync(path))
  if (missing !== undefined) return complain(`There is no file ${missing}.`, 2)
  const paths = named.length > 0 ? named : findFiles(folder)
  const files = new Map(paths.map((path) => [path, readFileSync(resolve(folder, path), 'utf8')]))
  const needing = needingReqSession(files)
  const to = given.values.to ?? (needing.length > 0 ? 'drop-in' : 'sojourn')
  const results = migrate(files, to as Target, (path) => existsSync(resolve(folder, path)))
  const changed = results.filter(({ before, after }) => before !== after)
  const refused = given.values.dry || given.values.force ? [] : refusals(folder, changed)
  if (given.values.dry) {
    for (const { path, before, after } of changed)
      process.stdout.write(unifiedDiff(path, before, after))
  } else if (refused.length === 0) {
    for (const { path, after } of changed) writeFileSync(resolve(folder, path), after)
  }
  const facts = {
    to: to as Target,
    needing: given.values.to ? [] : needing,
    major: expressMajor(folder),
  }
  // The diff goes to standard output alone, so that it can be piped to `git apply`.
  const out = given.values.dry ? process.stderr : process.stdout
  out.write(report(results, facts, given.values.dry ? 'would change' : 'changed', refused))
  return refused.length > 0 || results.some(({ error }) => error !== undefined) ? 1 : 0
}

function understood(args: readonly string[]) {
  try {
    const parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        to: { type: 'string' },
        dry: { type: 'boolean' },
        force: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    const { to = 'sojourn' } = parsed.values
    const [source = 'express-session'] = parsed.positionals
    return ['drop-in', 'sojourn'].includes(to) && source === 'express-session' ? parsed : undefined
  } catch {
    return undefined
  }
}

/** Why files may not be written. If there is one, none is written: an app cannot be migrated by halves. */
function refusals(folder: string, changed: readonly Migrated[]): string[] {
  return changed.flatMap(({ path, before }) => {
    const why = before === undefined ? undefined : unsafe(folder, path)
    return why === undefined ? [] : [`${path} is ${why}`]
  })
}

function complain(message: string, code: number): number {
  process.stderr.write(`sojourn-migrate: ${message}\n`)
  return code
}
