/** The floors of src: which room stands on which, and what may not be imported from where. */

import { posix } from 'node:path'

/** The floor of each folder. Imports only go down. */
const FLOORS: Readonly<Record<string, number>> = {
  base: 0,
  http: 1,
  crypto: 1,
  record: 2,
  stores: 3,
  backends: 4,
  session: 5,
  adapters: 6,
  flask: 6,
  devtools: 7,
  cli: 7,
  testing: 7,
}

/** The front door may re-export what stands below the adapters. */
const FRONT_DOOR_SEES = 5

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

function objection(file: string, target: string): string | undefined {
  const [from, to] = [roomOf(file), roomOf(target)]
  if (target.startsWith('..')) return 'it is outside src'
  if (to === '.') return 'nothing imports the front door'
  const floor = FLOORS[to]
  if (floor === undefined) return `the folder ${to} has no floor`
  if (from === '.') return floor > FRONT_DOOR_SEES ? 'the front door is below it' : undefined
  if (from === to) return undefined
  const own = FLOORS[from]
  if (own === undefined) return `the folder ${from} has no floor`
  if (floor > own) return 'it is on a higher floor'
  return floor === own ? 'it is another room of the same floor' : undefined
}

function roomOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : '.'
}
