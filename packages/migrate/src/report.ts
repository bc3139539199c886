/** The command's report: what was changed, and what is left for a person. */

import type { Migrated, Target } from './migrate.ts'

/** Facts about the app, for the report. */
export interface Facts {
  to: Target
  /** The libraries because of which the drop-in replacement was chosen. */
  needing: readonly string[]
  major: number | undefined
}

/** Writes the report. `refused`: why no file was written, if that is so. */
export function report(
  results: readonly Migrated[],
  { to, needing, major }: Facts,
  verb: string,
  refused: readonly string[],
): string {
  if (refused.length > 0) {
    const lines = refused.map((line) => `  ${line}`).join('\n')
    return `Nothing was written. Commit first, or use --force:\n${lines}\n`
  }
  const changed = results.filter(({ before, after }) => before !== after)
  const left = results.flatMap((result) =>
    result.left.map((one) => ({ ...one, path: result.path })),
  )
  if (changed.length === 0 && left.length === 0)
    return 'Nothing to do: no file sets up express-session.\n'
  const lines = changed.map(
    ({ path, before, changes }) =>
      `${verb}  ${path}  ${before === undefined ? 'a new file' : places(changes)}`,
  )
  if (needing.length > 0) {
    lines.push('', `Chosen: --to drop-in. These libraries need req.session: ${needing.join(', ')}.`)
  }
  if (left.length > 0) {
    lines.push('', 'Left for you:')
    for (const { path, line, what, write } of left)
      lines.push(`${path}:${line}  ${what}`, `    ${write}`)
  }
  const isAsync = changed.some(
    ({ before, after }) => count(after, 'async') > count(before ?? '', 'async'),
  )
  if (isAsync && major !== 5) {
    lines.push('', EXPRESS_4)
  }
  if (changed.length > 0) lines.push('', ...nextSteps(to))
  return `${lines.join('\n')}\n`
}

const EXPRESS_4 = `Handlers are async now, and Express 4 does not handle a rejected promise, for example when the store
cannot be reached: use Express 5, or call next with the error.`

function nextSteps(to: Target): string[] {
  const steps = ['Then: npm install sojourn, and run your tests.']
  if (to === 'sojourn')
    steps.push('npm uninstall express-session @types/express-session, once nothing needs them.')
  return steps
}

function places(count: number): string {
  return count === 1 ? '1 place' : `${count} places`
}

function count(text: string, word: string): number {
  return text.split(word).length
}
