/** Ten thousand visitors of mixed age move over and back: nobody is lost, and nobody gets in. */

import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { flask } from '../../../src/flask/flask.ts'
import { formerly } from '../../../src/formerly/formerly.ts'
import type { SessionOptions } from '../../../src/index.ts'
import { memoryStore } from '../../../src/stores/memory/memory.ts'
import { DAY, fakeTime, Jar, NEW_SECRET, SECRET, withEvents } from './jar.ts'

const UNTIL = '2027-12-01'
const isLong = process.env['LONG_TESTS'] === '1'
const LIFETIME = { idle: '10d', permanent: '40d', absolute: '60d' } as const

type Plan = [
  name: string,
  old: SessionOptions,
  next: SessionOptions,
  dualWrite: boolean,
  visitors: number,
]
const PLANS: Plan[] = [
  [
    'signed to encrypted',
    { secret: SECRET, lifetime: LIFETIME },
    { secret: NEW_SECRET, lifetime: LIFETIME, encrypt: true },
    false,
    10_000,
  ],
  [
    'store to another store, the old one written along',
    {
      secret: SECRET,
      lifetime: LIFETIME,
      store: memoryStore({ bytes: 2 ** 28 }),
      cookie: { name: 'old' },
    },
    { secret: NEW_SECRET, lifetime: LIFETIME, store: memoryStore({ bytes: 2 ** 28 }) },
    true,
    isLong ? 10_000 : 1_000,
  ],
  [
    'Flask to a store',
    flask({ SECRET_KEY: SECRET }),
    { secret: NEW_SECRET, store: memoryStore({ bytes: 2 ** 28 }) },
    false,
    isLong ? 10_000 : 1_000,
  ],
]

// Without what watches each session for mistakes of the developer.
beforeAll(() => void vi.stubEnv('NODE_ENV', 'production'))
afterAll(() => void vi.unstubAllEnvs())

/** The same numbers each time. */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return state / 2 ** 31
  }
}

test.each(PLANS)('%s', { timeout: 300_000 }, async (_, theirs, ours, dualWrite, count) => {
  const random = numbers(7)
  const { time, clock } = fakeTime()
  time.now = Date.UTC(2026, 11, 1)
  const start = time.now
  const before = withEvents({ ...theirs, clock })
  const visitors = Array.from({ length: count }, (__, at) => ({
    jar: new Jar(),
    /** When they came for the last time. Half of them long ago. */
    at: start + (random() < 0.5 ? 30 * DAY * random() : (40 + 15 * random()) * DAY),
    user: random() < 0.7 ? `user${at % 3000}` : undefined,
    isPermanent: random() < 0.4,
    isFlashed: random() < 0.2,
    number: at,
  })).toSorted((a, b) => a.at - b.at)
  for (const { jar, at, user, isPermanent, isFlashed, number } of visitors) {
    time.now = Math.floor(at)
    await jar.visit(before.sessions, (session) => {
      if (user !== undefined) session.login(user)
      session.set('number', number)
      if (isPermanent) session.permanent = true
      if (isFlashed) session.flash('hello')
    })
  }
  time.now = start + 60 * DAY
  // What the old application alone says of each is what the new one has to say.
  const expected = new Map<number, boolean>()
  for (const { jar, number } of visitors) {
    const session = await before.sessions.open(jar.header)
    expected.set(number, !session.isNew)
  }
  const living = [...expected.values()].filter(Boolean).length
  expect(living).toBeGreaterThan(count / 4)
  expect(living).toBeLessThan((count * 3) / 4)

  const sides = { until: UNTIL, dualWrite }
  const after = withEvents({ ...ours, clock, formerly: formerly({ sessions: theirs, ...sides }) })
  const swapped = formerly({ sessions: ours, until: UNTIL })
  const back = withEvents({ ...theirs, clock, ...(dualWrite ? {} : { formerly: swapped }) })
  const outcome = { lost: 0, letIn: 0, wrong: 0 }
  for (const side of [after, back]) {
    for (const { jar, number, user, isPermanent, isFlashed } of visitors) {
      let isIn = false
      await jar.visit(side.sessions, (session) => {
        isIn = session.get('number') !== undefined
        const isSame =
          session.get('number') === number &&
          session.userId === user &&
          session.permanent === isPermanent &&
          !session.isNew
        if (isIn && !isSame) outcome.wrong++
        if (isIn && side === back && session.flashes().length !== Number(isFlashed)) outcome.wrong++
      })
      if (isIn && !expected.get(number)) outcome.letIn++
      if (!isIn && expected.get(number)) outcome.lost++
    }
    time.now += DAY / 2
  }
  expect(outcome).toEqual({ lost: 0, letIn: 0, wrong: 0 })
  expect(after.sessions.formerlyUse()[0]).toMatchObject({ moved: living })
})
