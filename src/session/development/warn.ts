/** Prints development warnings on the console, each at most once. */

import { printable } from '../../base/printable.ts'

/** Prints a development warning, at most once per cause. */
export type Warn = (cause: string, line: string) => void

/** The last line of an error's message is one of its own here, too. */
const PAGE_OF_ERROR = /(\nMore: node_modules\/sojourn\/docs\/errors\.md#err_[a-z_]+)$/

/** Makes the printer of one `createSessions`. */
export function warnOnce(): Warn {
  const said = new Set<string>()
  return (cause, line) => {
    if (said.has(cause)) return
    said.add(cause)
    const [says = '', page = ''] = line.split(PAGE_OF_ERROR)
    console.warn(`[sojourn] ${printable(says)}${page}`)
  }
}
