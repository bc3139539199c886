/** What the tests of `examples/moving` share: one visitor at two servers, and the diff on a page. */

import { readFileSync } from 'node:fs'
import { type Visitor, visitor } from './visitor.ts'

/** The same visitor, at another server of the same host. */
export function movedTo(origin: string, before: Visitor): Visitor {
  const after = visitor(origin)
  for (const [name, value] of before.cookies) after.cookies.set(name, value)
  return after
}

/** The lines of an example. */
export function program(name: string): string[] {
  return file(`examples/${name}.ts`).trimEnd().split('\n')
}

/** Both sides of the first diff on a page. */
export function differenceOn(page: string): { before: string[]; after: string[] } {
  const [, diff = ''] = /^```diff\n([^]*?)^```$/m.exec(file(page)) ?? []
  const lines = diff.trimEnd().split('\n')
  const side = (mark: string) =>
    lines.filter((line) => line[0] !== mark).map((line) => line.slice(1))
  return { before: side('+'), after: side('-') }
}

function file(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
}
