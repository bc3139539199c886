/** What the library has to reach, and whether a run reached it. */

import { AT_A_TIME } from './hot-session.ts'
import { type Figure, medianOf, ratioOf } from './figures.ts'

/** One goal after a run. What was not measured is not met. */
export interface Goal {
  name: string
  goal: string
  measured: number | string | undefined
  met: boolean
}

/** Judges the figures of one run. */
export function goalsOf(figures: readonly Figure[]): Goal[] {
  const time = (task: string, other: string) => ratioOf(figures, task, 'sojourn', other, 'ns')
  /** Requests for one of the server without sessions, in processor time. */
  const share = (task: string) => inverse(ratioOf(figures, task, 'sojourn', 'none', 'us'))
  const faster = (task: string, by: string, peer: string) =>
    inverse(ratioOf(figures, task, by, peer, 'us'))
  const median = (task: string, unit: Figure['unit']) => medianOf(figures, task, 'sojourn', unit)
  return [
    ...atMost('time, relative to the bare parts', (task) => time(task, 'bare'), {
      'signed small open': 1.25,
      'signed small first write': 1.35,
      'signed small change': 1.15,
      'signed big open': 1.1,
      'signed big first write': 1.6,
      'signed big change': 1.1,
      'encrypted small open': 1.3,
      'encrypted small first write': 1.3,
      'encrypted big open': 1.3,
      'encrypted big first write': 1.3,
    }),
    ...atLeast('times as fast as cookie-session', (task) => inverse(time(task, 'cookie-session')), {
      'signed small open': 10,
      'signed small first write': 1.5,
      'signed small change': 7,
    }),
    ...atLeast('requests per request without sessions', share, {
      'node:http never asks': 0.96,
      'node:http read': 0.57,
      'node:http write': 0.52,
      'Express never asks': 0.95,
      'Express read': 0.62,
      'Express write': 0.47,
      'Fastify read': 0.58,
      'Fastify write': 0.48,
      'Hono read': 0.58,
      'Hono write': 0.46,
    }),
    ...atLeast(
      'requests per request with a cookie signed by hand',
      (task) => faster(task, 'sojourn', 'by hand'),
      {
        'node:http read': 0.84,
        'node:http write': 0.83,
        'Express read': 0.76,
        'Express write': 0.64,
      },
    ),
    ...STORES.flatMap(([store, by, peer, read, write]) =>
      atLeast(
        `requests per request of ${peer}${by === 'sojourn' ? '' : ` (${by})`}`,
        (task) => faster(task, by, `express-session, ${peer}`),
        { [`${store} read`]: read, [`${store} write`]: write },
      ),
    ),
    neverFewer(figures, 'memory'),
    neverFewer(figures, 'Redis'),
    below('a million forged cookies, seconds of processor time', 3.5, median(FORGED, 's')),
    below('a million forged cookies, growth in MB', 10, median(FORGED, 'MB')),
    below('bytes of a session in Redis', 460, median('a session of 204 bytes, Redis', 'bytes')),
    below(`${BUNDLE}, in kB`, 27, inKilobytes(median(BUNDLE, 'bytes'))),
  ]
}

const STORES: readonly [store: string, by: string, peer: string, read: number, write: number][] = [
  ['Redis', 'sojourn, node-redis', 'connect-redis', 1.8, 1.3],
  ['Redis', 'sojourn, ioredis', 'connect-redis', 1.25, 1],
  ['PostgreSQL', 'sojourn', 'connect-pg-simple', 1.8, 0.9],
  ['PostgreSQL', 'sojourn, prepare', 'connect-pg-simple', 2.1, 1.2],
  ['SQLite', 'sojourn', 'better-sqlite3-session-store', 3.5, 2.5],
]
const FORGED = 'a million forged cookies'
const BUNDLE = 'root bundle for production, gzip'

type Measure = (task: string) => number | undefined

function atMost(what: string, measure: Measure, bounds: Record<string, number>): Goal[] {
  return Object.entries(bounds).map(([task, bound]) => {
    return below(`${task}: ${what}`, bound, measure(task))
  })
}

function atLeast(what: string, measure: Measure, bounds: Record<string, number>): Goal[] {
  return Object.entries(bounds).map(([task, bound]) => {
    const measured = measure(task)
    const met = measured !== undefined && measured >= bound
    return { name: `${task}: ${what}`, goal: `>= ${bound}`, measured: rounded(measured), met }
  })
}

function below(name: string, bound: number, measured: number | undefined): Goal {
  const met = measured !== undefined && measured <= bound
  return { name, goal: `<= ${bound}`, measured: rounded(measured), met }
}

/** A run that loses an increment ends with an error, so what was measured is exact. */
function neverFewer(figures: readonly Figure[], store: string): Goal {
  const rates = AT_A_TIME.map((lanes) =>
    medianOf(figures, `one session, ${store}, ${lanes} at a time`, 'sojourn'),
  )
  const isMeasured = rates.every((rate) => rate !== undefined)
  return {
    name: `one session in ${store}, thousands per second, with ${AT_A_TIME.join(' / ')} concurrent requests`,
    goal: 'exact, and not slower with more concurrent requests (within 10 %)',
    measured: isMeasured ? rates.map((rate) => (rate! / 1000).toFixed(1)).join(' / ') : undefined,
    met: isMeasured && rates.every((rate, at) => at === 0 || rate! >= rates[at - 1]! * 0.9),
  }
}

const inverse = (ratio: number | undefined) => (ratio === undefined ? undefined : 1 / ratio)
const inKilobytes = (bytes: number | undefined) => (bytes === undefined ? undefined : bytes / 1000)
const rounded = (number: number | undefined) =>
  number === undefined ? undefined : Number(number.toPrecision(3))
