/** Warns of sessions that differ where a visitor expects one: two host names, concurrent changes, a POST of another site. */

import type { Opened } from '../../backends/backend.ts'
import { printableShort } from '../../base/printable.ts'
import type { RequestFacts } from '../../http/request-facts.ts'
import { type Change, isSoft } from '../../record/changes.ts'
import type { Warn } from './warn.ts'

/** How many cookies and sites are remembered. */
const REMEMBERED = 100

/** Makes these warnings. */
export function lossWarnings(warn: Warn) {
  /** The first host name of each site. */
  const hosts = new Map<string, string>()
  /** For each set of cookies that was changed the number of the request that changed it. */
  const changed = new Map<string, number>()
  const numbers = new WeakMap<RequestFacts, number>()
  let last = 0
  return {
    /** Warns of sessions under two host names of one site: a cookie belongs to one host name. */
    begun(facts: RequestFacts, { domain }: { domain: string | null }): void {
      const host = printableShort((facts.header('host') ?? '').replace(/:\d+$/, ''), 100)
      if (host === '' || domain !== null) return
      const isLocal = LOCAL.test(host)
      const first = remember(hosts, isLocal ? 'localhost' : host.replace(/^www\./, ''), host)
      if (first === host) return
      const remedy = isLocal
        ? 'Open the app under one of them'
        : 'Redirect one to the other, or set cookie: { domain }'
      warn(
        'two-hosts',
        `Sessions began under two host names, ${first} and ${host}. A cookie belongs to one host name, so a visitor has another session under each. ${remedy}.`,
      )
    },
    /** Warns that two requests changed the session of one cookie: the browser stores one result. */
    changedFrom(
      { record, presented }: Opened,
      facts: RequestFacts,
      changes: readonly Change[],
    ): void {
      if (record === undefined || presented.length === 0 || changes.every(isSoft)) return
      // All of the name: a stale one may be the same in each request.
      const value = presented.join(';')
      const number = numbers.get(facts) ?? ++last
      numbers.set(facts, number)
      if (remember(changed, value, number) === number) return
      warn(
        'changed-twice',
        'Two requests changed the session of the same cookie, such as concurrent ones. The browser stores the cookie of the last response, so the changes of the other are lost (lost update). Change the session in one request, or use a store.',
      )
    },
  }
}

const LOCAL = /^(?:localhost|127\.0\.0\.1|\[::1\])$/

/** Returns what is known of a key, or from now on this. */
function remember<Key, Value>(known: Map<Key, Value>, key: Key, value: Value): Value {
  const before = known.get(key)
  if (before !== undefined) return before
  known.set(key, value)
  for (const oldest of known.keys()) {
    if (known.size <= REMEMBERED) break
    known.delete(oldest)
  }
  return value
}
