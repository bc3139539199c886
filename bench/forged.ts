/** Refuses a million forged cookies, and counts processor time and memory. */

import { createSessions } from 'sojourn'
import { figure, type Section } from './figures.ts'
import { small } from './payloads.ts'

const MILLION = 1_000_000
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh'

/** Refused before the count begins: meanwhile the process grows by compiled code and by its heap. */
const WARM_UP = 30_000

/**
 * Memory is how far the process grew (resident set, at its largest): garbage that was not collected
 * in time. A quick run refuses a tenth and reports the time of a million.
 */
export const forged: Section = async (effort) => {
  const secret = 'kZ3bq0Wm9yN7uV1tR5xP8cL2aE6dG4hJ-oF_iSwQzXY'
  const sessions = createSessions<any>({ secret, cookie: { name: 'session', secure: false } })
  const open = (cookie: string) => {
    return sessions.mount([{}], { cookie, header: () => undefined })!.session()
  }
  const session = await sessions.open(null)
  for (const key in small) session.set(key, small[key])
  const genuine = (await session.commit()).getSetCookie()[0]!.split(';', 1)[0]!
  const cookies = forgeriesOf(genuine)
  for (const cookie of [genuine, ...cookies]) {
    const isGenuine = (await open(cookie)).get('user_id') !== undefined
    if (isGenuine !== (cookie === genuine)) throw new Error('The wrong cookie was refused.')
  }
  const rss = () => process.memoryUsage().rss
  async function refuse(count: number): Promise<number> {
    let highest = rss()
    for (let refused = 0; refused < count; refused++) {
      await open(cookies[refused % cookies.length]!)
      // A server returns to its sockets again and again.
      if (refused % 100 === 0) await new Promise(setImmediate)
      if (refused % 10_000 === 0) highest = Math.max(highest, rss())
    }
    return highest
  }
  await refuse(WARM_UP)
  const count = effort === 'full' ? MILLION : MILLION / 10
  const before = rss()
  const start = process.cpuUsage()
  const highest = await refuse(count)
  const { user, system } = process.cpuUsage(start)
  const seconds = (((user + system) / 1e6) * MILLION) / count
  const grown = (highest - before) / 1_048_576
  return [
    figure('a million forged cookies', 'sojourn', 's', [seconds]),
    figure('a million forged cookies', 'sojourn', 'MB', [grown]),
  ]
}

/** A thousand cookies of the right form, all different: only the signature tells that they are forged. */
function forgeriesOf(genuine: string): string[] {
  return Array.from({ length: 1000 }, (_, index) => {
    const at = 'session='.length + 10 + (index % 60)
    const other = ALPHABET.replace(genuine[at]!, '')[index % 33]!
    return genuine.slice(0, at) + other + genuine.slice(at + 1)
  })
}
