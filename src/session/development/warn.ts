/** Prints development warnings on the console, each at most once. */

import { printable } from '../../base/printable.ts'

/** Prints a development warning, at most once per cause. */
export type Warn = (cause: string, line: string) => void

/** Makes the printer of one `createSessions`. */
export function warnOnce(): Warn {
  const said = new Set<string>()
  return (cause, line) => {
    if (said.has(cause)) return
    said.add(cause)
    console.warn(`[sojourn] ${printable(line)}`)
  }
}
