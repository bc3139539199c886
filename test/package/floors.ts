/** The floors of src: which room stands on which, and what may not be imported from where. */

import { posix } from 'node:path'

/**
 * The rooms of each floor, the lowest floor first. Imports only go down; rooms side by side on one
 * floor do not know each other.
 */
const FLOORS: readonly (readonly string[])[] = [
  ['base'],
  ['http', 'crypto'],
  ['record/text'],
  ['record'],
  ['backends'],
  ['backends/stored'],
  ['backends/foreign'],
  ['session/explain'],
  ['session/development'],
  ['session/csrf', 'session/schema'],
  ['session/setup'],
  ['session/formerly'],
  ['session'],
  ['stores'],
  ['formerly'],
  [
    'stores/memory',
    'stores/sqlite',
    'stores/redis',
    'stores/postgres',
    'adapters/node',
    'adapters/next',
    'flask',
    'otel',
  ],
  ['flask/session', 'adapters/express-session'],
  ['adapters'],
  ['testing/time'],
  ['testing/conformance', 'testing/adapter-conformance', 'inspect', 'cli/command'],
  ['testing', 'devtools', 'cli/inspect', 'cli/secret', 'cli/migrate', 'cli/store', 'cli/doctor'],
  ['cli'],
]

/** Source files by their path inside src. */
export type Sources = ReadonlyMap<string, string>

/** Every module a source text names: static, dynamic, type-only and re-exported. */
export function importsOf(source: string): string[] {
  const code = source.replace(/^\s*(?:\/\/|\/?\*).*$/gm, '')
  const named = code.matchAll(/(?<!['".])\b(?:from|import)\s*\(?\s*['"]([^'"\n]+)['"]/g)
  return [...named].map((match) => match[1]!)
}

/** The relative imports of a file, as paths inside src. */
export function localImportsOf(file: string, source: string): string[] {
  return importsOf(source)
    .filter((name) => name.startsWith('.'))
    .map((name) => posix.normalize(posix.join(posix.dirname(file), name)))
}

/** Every import that does not go down, in words. */
export function risingImports(sources: Sources): string[] {
  return [...sources].flatMap(([file, source]) =>
    localImportsOf(file, source).flatMap((target) => {
      const why = objection(file, target)
      return why ? [`${file} imports ${target}: ${why}`] : []
    }),
  )
}

/** Files that import each other, directly or through others: the first circle from each file on. */
export function circles(sources: Sources): string[] {
  const found: string[] = []
  const done = new Set<string>()
  const follow = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file)
    if (at >= 0) found.push([...path.slice(at), file].join(' > '))
    if (at >= 0 || done.has(file)) return
    for (const target of localImportsOf(file, sources.get(file) ?? '')) {
      follow(target, [...path, file])
    }
    done.add(file)
  }
  for (const file of sources.keys()) follow(file, [])
  return found
}

function objection(file: string, target: string): string | undefined {
  const [from, to] = [roomOf(file), roomOf(target)]
  if (target.startsWith('..')) return 'it is outside src'
  if (to === '.') return 'nothing imports the front door'
  const floor = floorOf(to)
  if (floor < 0) return `the folder ${to} has no floor`
  if (from === '.') return floor > floorOf('session') ? 'the front door is below it' : undefined
  if (from === to) return undefined
  const own = floorOf(from)
  if (own < 0) return `the folder ${from} has no floor`
  if (floor > own) return 'it is on a higher floor'
  return floor === own ? 'it is another room of the same floor' : undefined
}

function floorOf(room: string): number {
  return FLOORS.findIndex((rooms) => rooms.includes(room))
}

function roomOf(file: string): string {
  return posix.dirname(file)
}
