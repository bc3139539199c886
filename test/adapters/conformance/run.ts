/** Runs the adapter suite in vitest. */

import { createServer, type RequestListener } from 'node:http'
import { describe, test } from 'vitest'
import {
  adapterConformance,
  type AdapterHarness,
  startServer,
  type StartedApp,
} from 'sojourn/testing'

/** The cases of one adapter, each a test. The title of an exception says what happens instead. */
export function conformanceOf(adapter: string, harness: AdapterHarness): void {
  const requests = process.env['LONG_TESTS'] ? 10_000 : 200
  describe(`conformance of ${adapter}`, () => {
    for (const { id, name, exception, run } of adapterConformance({ requests, ...harness })) {
      test(`[${id}] ${name}${exception === undefined ? '' : ` (instead: ${exception})`}`, run)
    }
  })
}

/** The routes of an app of the suite: `/no/such/page` is none of them. */
export const PATHS: string[] = ['/', '/:a', '/:a/:b']

/** Lets a listener of `node:http` listen. */
export function listen(listener: RequestListener): Promise<StartedApp> {
  return startServer(createServer(listener))
}
