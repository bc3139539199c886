/** Remembers which sessions were written anew for their secret: two servers must not fight over it. */

/** So many sessions are remembered; the oldest is forgotten for the next. */
const MOST = 4096

/** So long, in milliseconds, one is not written anew for the same secret again. */
const PAUSE = 60_000

/** Decides whether a session that is under an old secret is to be written anew. */
export interface Rewrites {
  /** `key` is the index of the secret it came under. */
  isDue(selector: string, key: number, now: number): boolean
}

/**
 * Makes the memory of one process.
 *
 * While a new secret is rolled out, what is old to one server is new to the other; and a browser
 * that takes no cookie shows the old one each time. Once a minute is often enough for either.
 */
export function rewrites(): Rewrites {
  const done = new Map<string, { key: number; at: number }>()
  return {
    isDue(selector, key, now) {
      const last = done.get(selector)
      if (last?.key === key && now - last.at < PAUSE) return false
      done.delete(selector)
      done.set(selector, { key, at: now })
      for (const oldest of done.keys()) {
        if (done.size <= MOST) break
        done.delete(oldest)
      }
      return true
    },
  }
}
