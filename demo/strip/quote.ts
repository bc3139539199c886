/** Quotes source of this repository, so that the code in the strip is the code that runs. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Lines of a source file. */
export interface Quote {
  /** From the root of the repository, with the first line: `demo/pages/shop.ts:57`. */
  readonly from: string
  readonly code: string
}

/**
 * Quotes `count` lines of a file, from the line that contains `text` on.
 *
 * @throws if no line of the file contains it: the demo does not start with a quote of what was changed
 */
export function quote(file: string, text: string, count: number): Quote {
  const lines = readFileSync(join(import.meta.dirname, '../..', file), 'utf8').split('\n')
  const at = lines.findIndex((line) => line.includes(text))
  if (at < 0) throw new Error(`${file} has no line with: ${text}`)
  const quoted = lines.slice(at, at + count)
  const indents = quoted.filter(Boolean).map((line) => line.length - line.trimStart().length)
  const indent = Math.min(...indents)
  return {
    from: `${file}:${at + 1}`,
    code: quoted.map((line) => line.slice(indent)).join('\n'),
  }
}
