/** of genuine cookies of each kind, no small change opens. The long test takes a thousand. */

import { describe, expect, test } from 'vitest'
import { seededRandom } from '../record/random.ts'
import { KINDS } from './kinds.ts'
import { randomWork } from './random-sessions.ts'
import { eachTampering, tamperWith } from './tampering.ts'

const SEED = 4

const SESSIONS = process.env['QUICK_TESTS'] === '1' ? 50 : 300

describe.each(KINDS)('$name', (kind) => {
  test('random sessions open, and no changed form of their cookies', async () => {
    const { tried, opened, calls } = await tamperWith(kind.app(), {
      seed: SEED,
      sessions: SESSIONS,
      effort: (n) => ({ insertions: 2, pairs: n % 100 === 0 ? 'all' : 'near' }),
    })
    expect(opened).toEqual([])
    expect(tried).toBeGreaterThan(SESSIONS * 1000)
    expect(calls).toBe(0)
  })

  test('a Cookie header comes to the same answer, and for the same reason', async () => {
    const app = kind.app()
    const cookie = await app.cookieOf(randomWork(seededRandom(SEED)))
    const tampered: string[] = []
    eachTampering(cookie, { insertions: 6, pairs: 'near' }, (value) => tampered.push(value))
    expect(await app.accepts(cookie)).toBe(true)
    const calls = app.calls()
    let agreed = 0
    for (const value of tampered) {
      // Blanks around a cookie, and a semicolon after it, are the header's own syntax.
      const sent = kind.cookieValues(`session=${value}`, 'session')
      if (sent.includes(cookie)) continue
      app.events.length = 0
      expect(await app.accepts(value), value).toBe(false)
      if (sent[0] !== value) continue
      const { rejected } = await app.open(value)
      expect(app.events, value).toEqual(rejected.map((reason) => ({ type: 'rejected', reason })))
      agreed += 1
    }
    expect(agreed).toBeGreaterThan(tampered.length * 0.8)
    expect(app.calls() - calls).toBe(0)
  })
})
