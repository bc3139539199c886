/** Runs the adapter suite in vitest. */

import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'vitest'
import { adapterConformance, type AdapterHarness, type StartedApp } from 'sojourn/testing'

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

/** Listens on a free port. */
export function listen(listener: RequestListener): Promise<StartedApp> {
  return listening(createServer(listener))
}

/** The same with a server that a framework made. */
export async function listening(server: AnyServer): Promise<StartedApp> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      if ('closeAllConnections' in server) (server as Server).closeAllConnections()
      await new Promise<void>((resolve) => void server.close(resolve))
    },
  }
}

type AnyServer = Pick<Server, 'address'> & {
  listen(...to: [port: number, host: string, listening: () => void]): unknown
  close(closed: () => void): unknown
}
