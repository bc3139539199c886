/** Delivers events to the app's listener, and reports failures on the console where there is none. */

import type { Clock } from '../../base/ports.ts'
import { printable } from '../../base/printable.ts'
import { isThenable } from '../../base/realm.ts'
import type { EventListener, SessionEvent } from './events.ts'

/** Delivers an event. Never throws. */
export type Emit = (event: SessionEvent) => void

/**
 * Makes the function that calls the app's listener.
 *
 * What the listener throws or rejects with reaches no request: its first failure is printed, the
 * others are not. Events that the listener itself causes while it runs are not delivered, since each
 * of them might cause the next one.
 */
export function eventEmitter(listener: EventListener): Emit {
  let isRunning = false
  let hasFailed = false
  function report(error: unknown): void {
    if (hasFailed) return
    hasFailed = true
    printError('The listener onEvent failed. No request was affected.', error)
  }
  return (event) => {
    if (isRunning) return
    isRunning = true
    try {
      const returned: unknown = listener(event)
      if (isThenable(returned)) returned.then(undefined, report)
    } catch (error) {
      report(error)
    } finally {
      isRunning = false
    }
  }
}

/** Prints an error of a request listener that nobody handled, in production, too. */
export function printFailure(error: unknown): void {
  printError('A request listener failed, and nothing handled its error:', error)
}

/** Prints an error of the app. Never throws, as Node's console does if the error cannot be inspected. */
export function printError(message: string, error: unknown): void {
  const line = `[sojourn] ${message}`
  try {
    console.error(line, error)
  } catch {
    console.error(line)
  }
}

/** How often one kind of failure is printed at most. */
const PRINT_EVERY_MS = 60_000

/**
 * Prints sessions that could not be saved or opened, for an app without a listener in production.
 *
 * One line for each code and minute, with the number of failures since the last line.
 */
export function failurePrinter(clock: Clock): Emit {
  const printed = new Map<string, { at: number; more: number }>()
  return (event) => {
    if (event.type !== 'commit-failed' && event.type !== 'open-failed') return
    const kind = `${event.type} ${event.code}`
    const last = printed.get(kind)
    const now = clock()
    if (last && now - last.at < PRINT_EVERY_MS) {
      last.more++
      return
    }
    printed.set(kind, { at: now, more: 0 })
    const [verb, largest = []] =
      event.type === 'commit-failed' ? ['saved', event.largest] : ['opened']
    const sizes = largest.map(({ key, bytes }) => `, ${key} ${bytes} bytes`).join('')
    const more = last?.more ? ` ${last.more} more since the last such line.` : ''
    const line = `A session could not be ${verb}: ${event.code}${sizes}.${more} The option onEvent reports each.`
    console.error(`[sojourn] ${printable(line)}`)
  }
}
