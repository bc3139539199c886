/** Watches for unhandled rejections with certain errors, so that those do not end the process. */

import { isError } from '../base/realm.ts'

const watched = new WeakMap<object, Set<() => void>>()
let count = 0

/**
 * Calls `found` if a promise is rejected with this error and nothing handles it. Such a rejection
 * does not end the process; any other unhandled rejection still does.
 *
 * Returns a function that stops watching. The process has a listener only while something is watched.
 */
export function watchRejections(error: unknown, found: () => void): () => void {
  if (typeof error !== 'object' || error === null || !canListen()) return () => {}
  const watchers = watched.get(error) ?? new Set()
  watched.set(error, watchers.add(found))
  if (count++ === 0) process.on('unhandledRejection', onUnhandled)
  const watch = { isOver: false }
  forgotten?.register(error, watch)
  return () => {
    if (!watchers.delete(found)) return
    // Ends it later, because the runtime may still report a rejection of this turn.
    setTimeout(() => end(watch), 0)
  }
}

function end(watch: { isOver: boolean }): void {
  if (watch.isOver) return
  watch.isOver = true
  if (--count === 0) process.off('unhandledRejection', onUnhandled)
}

/** Ends the watch of a garbage-collected error: its request got no response, for example a disconnect. */
const forgotten =
  typeof FinalizationRegistry === 'function' ? new FinalizationRegistry(end) : undefined

function canListen(): boolean {
  return typeof process === 'object' && typeof process.on === 'function'
}

/** Marks our listener, so that other copies of this package in the process recognize it. */
const OURS = Symbol.for('sojourn.onUnhandled')

const onUnhandled = Object.assign(
  (reason: unknown) => {
    const watchers = typeof reason === 'object' && reason !== null ? watched.get(reason) : undefined
    if (watchers) watchers.forEach((found) => found())
    else if (wouldEndTheProcess()) throw isError(reason) ? reason : new Error(String(reason))
  },
  { [OURS]: true },
)

/** Whether Node would end the process if this listener were not there. */
function wouldEndTheProcess(): boolean {
  const listeners = process.listeners('unhandledRejection')
  if (listeners.some((listener) => !(OURS in listener))) return false
  // If there are several copies, only the first one throws.
  if (listeners[0] !== onUnhandled) return false
  const given = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].join(' ')
  const mode = /--unhandled-rejections[= ](\S+)/.exec(given)?.[1] ?? 'throw'
  return mode === 'throw'
}
