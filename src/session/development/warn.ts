/** Prints development warnings on the console, each at most once, and publishes each time. */

import { publish, WARNINGS } from '../../base/channels.ts'
import { PAGE } from '../../base/errors.ts'
import { printable } from '../../base/printable.ts'

/** Prints a development warning, at most once per cause. */
export type Warn = (cause: string, line: string) => void

/** Makes the printer of one `createSessions`. `cookieName`: which sessions these are, for subscribers. */
export function warnOnce(cookieName: () => string): Warn {
  const said = new Set<string>()
  return (cause, line) => {
    // The last line of an error's message is one of its own here, too.
    const text = line.split(PAGE).map(printable).join(PAGE)
    if (WARNINGS.hasSubscribers) publish(WARNINGS, { cookieName: cookieName(), line: text })
    if (said.has(cause)) return
    said.add(cause)
    console.warn(`[sojourn] ${text}`)
  }
}
