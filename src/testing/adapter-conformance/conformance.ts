/** `adapterConformance`: the conformance suite for adapters, over real sockets, for any test runner. */

import { AssertionError } from 'node:assert/strict'
import { benchOn, type Scenario } from './bench.ts'
import { concurrency } from './concurrency.ts'
import { cookies } from './cookies.ts'
import { failures } from './failures.ts'
import { guards } from './guards.ts'
import type { AdapterHarness } from './harness.ts'
import { responses } from './responses.ts'
import { users } from './users.ts'
import { visits } from './visits.ts'

/** One case, for a test runner: `test(name, run)`. */
export interface AdapterCase {
  /** Names the scenario in `exceptions`, and in tables. */
  readonly id: string
  /** A sentence, different in every case. */
  readonly name: string
  /** What this adapter does instead: from `exceptions`. */
  readonly exception: string | undefined
  /** Runs the case. Rejects with an `AssertionError` if the adapter does not pass. */
  run(): Promise<void>
}

/**
 * Returns the cases that an adapter has to pass. Each starts an app of its own, on a free port.
 *
 * @throws TypeError for an exception whose scenario does not exist, or is left out.
 *
 * @example
 * import { createServer } from 'node:http'
 * import { test } from 'node:test'
 * import express from 'express'
 * import { sessionMiddleware } from 'sojourn/express'
 * import { adapterConformance, appRequest, sendReply, startServer } from 'sojourn/testing'
 * const cases = adapterConformance({
 *   offers: ['current'],
 *   start({ mount, handle }) {
 *     const app = express()
 *     for (const sessions of mount) app.use(sessionMiddleware(sessions))
 *     app.use(async (req, res) => sendReply(res, await handle(req, appRequest(req))))
 *     return startServer(createServer(app))
 *   },
 * })
 * for (const { name, run } of cases) test(name, run)
 */
export function adapterConformance(harness: AdapterHarness): AdapterCase[] {
  const { exceptions = {}, offers = [], throwRedirect } = harness
  const offered = throwRedirect ? [...offers, 'throwRedirect'] : offers
  const rooms = [visits, cookies, users, guards, responses, failures, concurrency]
  const scenarios = rooms.flat().filter(({ needs }) => !needs || offered.includes(needs))
  const unknown = Object.keys(exceptions).filter((id) => !scenarios.some((one) => one.id === id))
  if (unknown.length > 0) throw new TypeError(`No such scenario: ${unknown.join(', ')}`)
  return scenarios.map((scenario) => {
    const exception = exceptions[scenario.id]
    return {
      id: scenario.id,
      name: scenario.name,
      exception,
      run: () =>
        exception === undefined ? pass(harness, scenario) : deviate(harness, scenario, exception),
    }
  })
}

async function pass(harness: AdapterHarness, { check }: Scenario): Promise<void> {
  const bench = benchOn(harness)
  try {
    await check(bench)
  } finally {
    await bench.stop()
  }
}

/** Fails unless the scenario fails, and as it is said to. */
async function deviate(harness: AdapterHarness, scenario: Scenario, how: string): Promise<void> {
  let message
  try {
    await pass(harness, scenario)
  } catch (error) {
    message = error instanceof Error ? error.message : String(error)
  }
  if (message?.includes(how)) return
  throw new AssertionError({
    message:
      message === undefined
        ? `The scenario "${scenario.id}" passes: it is no exception`
        : `The scenario "${scenario.id}" fails otherwise than with "${how}": ${message}`,
  })
}
