/** Delivers events to the app's listener, and reports failures on the console where there is none. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { EVENTS, publish } from '../../base/channels.ts'
import type { Clock } from '../../base/ports.ts'
import { printable } from '../../base/printable.ts'
import { isThenable } from '../../base/realm.ts'
import type { EventContext, EventFacts, EventListener, SessionEvent } from './events.ts'
import type { EventSubject } from './event-context.ts'

/** Delivers an event about a session, if one is known. Never throws. */
export type Emit = (facts: EventFacts, subject?: EventSubject) => void

/** What the emitter needs. */
export interface EmitterParts {
  listener: ((event: SessionEvent) => unknown) | undefined
  /** The types of the events that the listener needs. @default all */
  only?: readonly string[] | undefined
  /** Which sessions these are, for subscribers of the channel. */
  cookieName: string
  contextOf(subject: EventSubject | undefined): EventContext
}

/**
 * Makes the function that calls the app's listener, and publishes events on their channel.
 *
 * An error or rejection of the listener never affects a request: the first one is printed, the
 * others are not. Events that the listener itself causes while it runs are not delivered, because
 * each might cause the next one. The same holds for code that it awaits, for events of the types it
 * is called for.
 */
export function eventEmitter({ listener, only, cookieName, contextOf }: EmitterParts): Emit {
  /** The types of the events whose listener is running, here or in what it awaits. */
  const causes = new AsyncLocalStorage<readonly string[]>()
  const report = failureReporter('The listener onEvent failed. No request was affected.')
  let isRunning = false

  function deliver(event: SessionEvent): void {
    if (EVENTS.hasSubscribers) publish(EVENTS, { cookieName, event })
    const returned = listener?.(event)
    if (isThenable(returned)) returned.then(undefined, report)
  }

  const isHeard = (type: string) => listener !== undefined && (only?.includes(type) ?? true)

  return (facts, subject) => {
    // Without subscribers, most events of an app in production that has no listener end here.
    if (isRunning || !(EVENTS.hasSubscribers || isHeard(facts.type))) return
    const causedBy = causes.getStore() ?? []
    if (causedBy.includes(facts.type)) return
    isRunning = true
    try {
      causes.run([...causedBy, facts.type], deliver, { ...facts, ...contextOf(subject) })
    } catch (error) {
      report(error)
    } finally {
      isRunning = false
    }
  }
}

/** Prints the first failure of a listener of the app. */
export function failureReporter(message: string): (error: unknown) => void {
  let hasFailed = false
  return (error) => {
    if (hasFailed) return
    hasFailed = true
    printError(message, error)
  }
}

/** Prints an error of a request listener that nobody handled, in production, too. */
export function printFailure(error: unknown): void {
  printError('A request listener failed, and nothing handled its error:', error)
}

/** Prints an error of the app. Never throws, as Node's console does if the error cannot be inspected. */
function printError(message: string, error: unknown): void {
  const line = `[sojourn] ${message}`
  try {
    console.error(line, error)
  } catch {
    console.error(line)
  }
}

/** What has failed, by the type of the event. */
const VERBS = { 'commit-failed': 'saved', 'open-failed': 'opened', 'invalid-data': 'read' }

/** The types of the events that `failurePrinter` prints. */
export const FAILURES: readonly string[] = Object.keys(VERBS)

/** The shortest time between two lines for one kind of failure. In milliseconds. */
const PRINT_EVERY_MS = 60_000

/**
 * Prints sessions that could not be saved, opened or read, for an app without a listener in
 * production.
 *
 * One line for each code and minute, with the number of failures since the last line.
 */
export function failurePrinter(clock: Clock): EventListener {
  const printed = new Map<string, { at: number; more: number }>()
  return (event) => {
    const { type } = event
    if (type !== 'commit-failed' && type !== 'open-failed' && type !== 'invalid-data') return
    const code =
      type === 'invalid-data' ? `ERR_DATA_INVALID, ${event.key ?? event.why}` : event.code
    const kind = `${type} ${code}`
    const last = printed.get(kind)
    const now = clock()
    if (last && now - last.at < PRINT_EVERY_MS) {
      last.more++
      return
    }
    printed.set(kind, { at: now, more: 0 })
    const largest = type === 'commit-failed' ? (event.largest ?? []) : []
    const sizes = largest.map(({ key, bytes }) => `, ${key} ${bytes} bytes`).join('')
    const more = last?.more ? ` ${last.more} more since the last such line.` : ''
    const line = `A session could not be ${VERBS[type]}: ${code}${sizes}.${more} The option onEvent reports each.`
    console.error(`[sojourn] ${printable(line)}`)
  }
}
