/** Clock, timers and randomness, which tests replace; and values that may be promises. */

import { randomBytes } from 'node:crypto'

/** Returns the time in milliseconds since 1970. */
export type Clock = () => number

/** Returns that many cryptographically random bytes. */
export type Random = (size: number) => Uint8Array

/** `Date.now`. */
export const systemClock: Clock = () => Date.now()

/** The generator of `node:crypto`. It throws where there is none: there is no weaker fallback. */
export const systemRandom: Random = (size) => randomBytes(size)

/** Calls `run` after `delay` milliseconds. Returns a function that cancels it. */
export type Timer = (run: () => void, delay: number) => () => void

/** `setTimeout`. */
export const systemTimer: Timer = (run, delay) => {
  const timer = setTimeout(run, delay)
  return () => clearTimeout(timer)
}

/** A timer that does not keep the process alive. */
export const backgroundTimer: Timer = (run, delay) => {
  const timer: unknown = setTimeout(run, delay)
  // On some runtimes a timer is a number, which has no `unref`.
  if (typeof timer === 'object' && timer !== null && 'unref' in timer)
    (timer as NodeJS.Timeout).unref()
  return () => clearTimeout(timer as NodeJS.Timeout)
}

/** A value or a promise of it. The cookie backend returns values, a store promises. */
export type Maybe<Value> = Value | Promise<Value>

/** Calls `next` with the value: synchronously unless the value is a promise. */
export function andThen<A, B>(value: Maybe<A>, next: (value: A) => Maybe<B>): Maybe<B> {
  return value instanceof Promise ? value.then(next) : next(value)
}
