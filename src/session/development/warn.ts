/** Prints development warnings on the console, each at most once. */

import { PAGE } from '../../base/errors.ts'
import { printable } from '../../base/printable.ts'

/** Prints a development warning, at most once per cause. */
export type Warn = (cause: string, line: string) => void

/** Makes the printer of one `createSessions`. */
export function warnOnce(): Warn {
  const said = new Set<string>()
  return (cause, line) => {
    if (said.has(cause)) return
    said.add(cause)
    // The last line of an error's message is one of its own here, too.
    console.warn(`[sojourn] ${line.split(PAGE).map(printable).join(PAGE)}`)
  }
}
