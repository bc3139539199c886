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

/** How many parts a deadline has. A pause of this process uses up only one of them. */
const PARTS = 4

/** A deadline that is shorter has one part. */
const SHORT_MS = 100

/**
 * A timer for deadlines. It measures the store's time and not that of this process.
 *
 * While a process is busy, replies wait in its sockets, and an overdue `setTimeout` is called
 * before they are read. So the timer lets the event loop read its sockets first. It also divides
 * the time into parts, each of which begins when the one before it is over: however long the
 * process was busy, perhaps before it has sent the call, the other parts remain.
 */
export const systemTimer: Timer = (run, delay) => {
  let left = delay < SHORT_MS ? 1 : PARTS
  const part = delay / left
  let cancelTurns: (() => void) | undefined
  const end = () => {
    cancelTurns = afterPolling(() => {
      left -= 1
      if (left === 0) run()
      else timer = setTimeout(end, part)
    })
  }
  let timer = setTimeout(end, part)
  return () => {
    clearTimeout(timer)
    cancelTurns?.()
  }
}

/**
 * Calls `run` after the event loop has read its sockets twice: some clients handle a reply one turn
 * after it arrived. Returns a function that cancels it.
 */
function afterPolling(run: () => void): () => void {
  if (typeof setImmediate !== 'function') {
    let timer = setTimeout(() => (timer = setTimeout(run, 0)), 0)
    return () => clearTimeout(timer)
  }
  let turn = setImmediate(() => (turn = setImmediate(run)))
  return () => clearImmediate(turn)
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
