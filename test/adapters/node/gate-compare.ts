/** Compares an exchange behind the gate with the same one without it. */

import type { ServerResponse } from 'node:http'
import type { holdHeaders } from '../../../src/adapters/node/gate.ts'
import type { Maybe } from '../../../src/base/ports.ts'
import type { Outgoing } from '../../../src/http/headers.ts'
import { type Observation, observe } from './gate-observe.ts'
import type { Scenario } from './gate-scenarios.ts'

const OURS = 'session=kept; Path=/; HttpOnly'
const OUTGOING: Outgoing = { vary: true, setCookie: OURS }

/** When the commit is done, and what it adds to the response. */
export const COMMITS: Record<string, () => Maybe<Outgoing | undefined>> = {
  'at once, by nobody asked for': () => undefined,
  'at once': () => OUTGOING,
  'after 0 ms, by nobody asked for': () => Promise.resolve(undefined),
  'after 0 ms': () => Promise.resolve(OUTGOING),
  'after 30 ms': () => new Promise((resolve) => setTimeout(resolve, 30, OUTGOING)),
}

/** Both observations, and our cookies among the headers: none if the app sent no headers. */
export interface Comparison {
  bare: Observation
  gated: Observation
  cookies: string[] | undefined
  expectedCookies: string[]
}

/** Runs a scenario without and with a gate. What a session adds is taken out of the headers. */
export async function compare(
  scenario: Scenario,
  protocol: 'http1' | 'http2',
  name: string,
  hold: typeof holdHeaders,
): Promise<Comparison> {
  const commit = COMMITS[name]!
  const bare = await observe(scenario, protocol)
  const gated = await observe(scenario, protocol, (res: ServerResponse) => hold(res, commit))
  const lines = gated.headers.find(([header]) => /^set-cookie$/i.test(header))?.slice(1) ?? []
  return {
    bare: withoutOurs(bare),
    gated: withoutOurs(gated),
    cookies:
      bare.status === undefined ? undefined : lines.filter((line) => line.startsWith('session=')),
    expectedCookies: /nobody/.test(name) ? [] : [OURS],
  }
}

/** An observation without what a session adds, and headers in one order: ours may come between. */
function withoutOurs(observation: Observation): Observation {
  const headers = observation.headers
    .map(([name, ...values]): [string, ...string[]] => {
      const rest = values
        .filter((value) => value !== OURS)
        .map((value) => (/^vary$/i.test(name) ? value.replace(/(, )?Cookie$|Cookie, /, '') : value))
        .map((value) =>
          /^cache-control$/i.test(name) ? value.replace(/^private(, )?/, '') : value,
        )
        .filter((value) => value !== '')
      return [name.toLowerCase(), ...rest]
    })
    .filter(([, ...values]) => values.length > 0)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  return { ...observation, headers }
}
