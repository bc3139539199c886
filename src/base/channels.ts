/** The diagnostics channels (`node:diagnostics_channel`) of events, warnings, opens, commits and store calls. */

import { type Channel, channel } from 'node:diagnostics_channel'
import { codeOf } from './errors.ts'
import type { Maybe } from './ports.ts'

/**
 * The two channels of a kind of operation. Both messages are the same object; at the end it also has
 * `duration`, `outcome` and further facts.
 */
export interface Operation {
  readonly start: Channel
  readonly end: Channel
}

/** Each event of every `createSessions`. */
export const EVENTS = /* @__PURE__ */ channel('sojourn:event')
/** Each development warning, also one that the console has already. */
export const WARNINGS = /* @__PURE__ */ channel('sojourn:warning')
/** Opening a session: at most once per request. */
export const OPENS = /* @__PURE__ */ operation('open')
/** Saving a session. */
export const COMMITS = /* @__PURE__ */ operation('commit')
/** One call of a store, its queue and deadline not included. */
export const STORE_CALLS = /* @__PURE__ */ operation('store')

function operation(name: string): Operation {
  return { start: channel(`sojourn:${name}:start`), end: channel(`sojourn:${name}:end`) }
}

/** Whether there are subscribers. Without them no message is made. */
export function isObserved({ start, end }: Operation): boolean {
  return start.hasSubscribers || end.hasSubscribers
}

/** Publishes a message. On Node, what a subscriber throws is an uncaught exception of the process. */
export function publish(to: Channel, message: object): void {
  try {
    to.publish(message)
  } catch {
    // Other runtimes throw it here. It must not affect a request.
  }
}

/**
 * Runs an operation between two messages. If it fails, the second one has the code of the error.
 *
 * @param outcomeOf returns the facts about a result for the second message.
 */
export function observed<Value>(
  { start, end }: Operation,
  message: object,
  act: () => Maybe<Value>,
  outcomeOf: (value: Value) => object,
): Maybe<Value> {
  const begun = performance.now()
  publish(start, message)
  const finish = (outcome: object) => {
    const duration = performance.now() - begun
    publish(end, Object.assign(message, { duration }, outcome))
  }
  const succeed = (value: Value) => {
    finish(outcomeOf(value))
    return value
  }
  const fail = (error: unknown): never => {
    finish({ outcome: 'failed', code: codeOf(error) })
    throw error
  }
  let result
  try {
    result = act()
  } catch (error) {
    fail(error)
  }
  return result instanceof Promise ? result.then(succeed, fail) : succeed(result as Value)
}
