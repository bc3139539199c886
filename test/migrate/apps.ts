/** The apps of `test/fixtures/migrate`: as they were, and as they are after each migration. */

import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Target } from '../../packages/migrate/src/migrate.ts'

/** The folder of all apps. */
export const APPS = resolve(import.meta.dirname, '../fixtures/migrate')

/** An app, as it is in one of its folders: the texts of its files by their paths. */
export function filesIn(app: string, folder: 'before' | Target): Map<string, string> {
  const cwd = join(APPS, app, folder)
  const paths = globSync('**/*.*', { cwd }).filter((path) => !path.endsWith('.txt'))
  return new Map(paths.toSorted().map((path) => [path, readFileSync(join(cwd, path), 'utf8')]))
}

/** Every app with every target for which its outcome is recorded. */
export const OUTCOMES = readdirSync(APPS).flatMap((app) =>
  (['sojourn', 'drop-in'] as const)
    .filter((to) => existsSync(join(APPS, app, to)))
    .map((to) => ({ app, to })),
)

/** The recorded report of a migration. */
export function reportOf(app: string, to: Target): string {
  return readFileSync(join(APPS, app, to, 'left.txt'), 'utf8')
}
