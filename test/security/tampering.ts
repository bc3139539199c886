/** Every small change of one value: what A-01 does to a cookie. */

import { seededRandom } from '../record/random.ts'
import type { App } from './kinds.ts'
import { randomWork } from './random-sessions.ts'

/** Inserted at each place: of the alphabets, of the grammar, and what neither knows. */
const INSERTED = ['A', '_', '.', '=', '%', '\u00ff']

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** How much is tried: of the insertions at each place, and of the pairs that change places. */
export interface Effort {
  insertions: number
  pairs: 'near' | 'all'
}

/**
 * Calls `visit` with every changed form of the value; each differs from it.
 *
 * Every bit of every character flipped, every character deleted, doubled, and exchanged with
 * others, characters inserted everywhere, every end cut off on either side, and every character of
 * base64url in the last place of each part, where it has spare bits.
 */
export function eachTampering(
  value: string,
  { insertions, pairs }: Effort,
  visit: (tampered: string) => void,
): void {
  const size = value.length
  const put = (at: number, text: string, over = 1) =>
    visit(value.slice(0, at) + text + value.slice(at + over))
  for (let at = 0; at < size; at += 1) {
    const code = value.charCodeAt(at)
    for (let bit = 1; bit < 256; bit *= 2) put(at, String.fromCharCode(code ^ bit))
    put(at, '')
    put(at, value[at]! + value[at]!)
    visit(value.slice(0, at))
    if (at > 0) visit(value.slice(at))
    const last = pairs === 'all' ? size : Math.min(at + 2, size)
    for (let other = at + 1; other < last; other += 1) exchange(value, at, other, visit)
    if (pairs === 'near') exchange(value, at, (at * 7 + 3) % size, visit)
    if (at + 1 === size || value[at + 1] === '.') {
      for (const letter of ALPHABET) if (letter !== value[at]) put(at, letter)
    }
  }
  for (let at = 0; at <= size; at += 1) {
    for (let n = 0; n < insertions; n += 1) put(at, INSERTED[(at + n) % INSERTED.length]!, 0)
  }
}

function exchange(
  value: string,
  one: number,
  other: number,
  visit: (tampered: string) => void,
): void {
  const [a, b] = one < other ? [one, other] : [other, one]
  if (value[a] === value[b]) return
  visit(value.slice(0, a) + value[b]! + value.slice(a + 1, b) + value[a]! + value.slice(b + 1))
}

/** What came of tampering with the cookies of many random sessions. */
export interface Tampered {
  tried: number
  /** What opened: nothing, one hopes. */
  opened: string[]
  /** The calls of the store that took. */
  calls: number
}

/** Makes random sessions, sees their cookies open, and tampers with each. @throws if one does not open */
export async function tamperWith(
  app: App,
  { seed, sessions, effort }: { seed: number; sessions: number; effort: (n: number) => Effort },
): Promise<Tampered> {
  const random = seededRandom(seed)
  const cookies: string[] = []
  for (let n = 0; n < sessions; n += 1) {
    const cookie = await app.cookieOf(randomWork(random))
    if (!(await app.open(cookie)).record)
      throw new Error(`A genuine cookie did not open: ${cookie}`)
    cookies.push(cookie)
  }
  const before = app.calls()
  const opened: string[] = []
  let tried = 0
  const limit = Error.stackTraceLimit
  // Half of what a failed decryption costs is the stack of the platform's own error.
  Error.stackTraceLimit = 0
  for (const [n, cookie] of cookies.entries()) {
    // A turn of the event loop: without one the test's time limit could not end it.
    await new Promise(setImmediate)
    eachTampering(cookie, effort(n), (tampered) => {
      const outcome = app.open(tampered)
      tried += 1
      if (outcome instanceof Promise || outcome.record || outcome.verified > 0) {
        opened.push(`seed ${seed}, session ${n}: ${tampered}`)
      }
    })
  }
  Error.stackTraceLimit = limit
  return { tried, opened, calls: app.calls() - before }
}
