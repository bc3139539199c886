/** What the library takes from the world: the time, timers, randomness, and values that may come later. */

import { randomBytes } from 'node:crypto'

/** Tells the time in milliseconds since 1970. Tests give their own. */
export type Clock = () => number

/** Gives that many unpredictable bytes. */
export type Random = (size: number) => Uint8Array

/** The machine's own clock. */
export const systemClock: Clock = () => Date.now()

/** The operating system's generator. Throws rather than fall back to a weaker one. */
export const systemRandom: Random = (size) => randomBytes(size)

/** Does something that many milliseconds from now; answers how to call it off. */
export type Timer = (run: () => void, delay: number) => () => void

/** The runtime's own timer. */
export const systemTimer: Timer = (run, delay) => {
  const timer = setTimeout(run, delay)
  return () => clearTimeout(timer)
}

/** A timer for what may as well not happen: it does not keep the process alive. */
export const backgroundTimer: Timer = (run, delay) => {
  const timer: unknown = setTimeout(run, delay)
  // Elsewhere than on Node and its kin a timer is a number.
  if (typeof timer === 'object' && timer !== null && 'unref' in timer)
    (timer as NodeJS.Timeout).unref()
  return () => clearTimeout(timer as NodeJS.Timeout)
}

/** A value that is here, or that will come. A cookie answers at once; a store takes a round trip. */
export type Maybe<Value> = Value | Promise<Value>

/** Goes on with a value: at once if it is here, later if it will come. */
export function andThen<A, B>(value: Maybe<A>, next: (value: A) => Maybe<B>): Maybe<B> {
  return value instanceof Promise ? value.then(next) : next(value)
}
