/** What holds after keys were rotated under load, wherever the sessions are kept. */

import { expect } from 'vitest'
import { createSessions, type SessionOptions, type Sessions } from '../../src/index.ts'
import { type Fleet, type FleetOptions, ringOf, type Rotated, secretOf } from './rotation.ts'

/** Where the sessions are kept. */
export const PLACES: readonly (FleetOptions & { readonly name: string })[] = [
  { name: 'a signed cookie' },
  { name: 'an encrypted cookie', encrypt: true },
  { name: 'a row in SQLite', store: 'SQLite' },
  { name: 'an encrypted row in SQLite', store: 'SQLite', encrypt: true },
]

/** Sessions as one more process would have them. */
export function sessionsWith(
  fleet: Fleet,
  { encrypt = false }: FleetOptions,
  options: Pick<SessionOptions, 'secret' | 'onEvent'>,
): Sessions<any> {
  const cookie = { name: 'session', secure: false }
  const lifetime = { idle: '10m' } as const
  const hidden = encrypt ? { encrypt } : {}
  const given = { clock: fleet.clock, cookie, lifetime, ...hidden, ...options }
  if (!fleet.store) return createSessions<any>(given)
  const { store } = fleet.store
  const deadlines = { read: '20s', write: '20s', commit: '30s' } as const
  return createSessions<any>({ ...given, store, deadlines })
}

/** The newest signs: what a visitor holds by now needs none of the older keys. */
export async function openWithTheNewestAlone(
  fleet: Fleet,
  options: FleetOptions,
  step: number,
  visitors: readonly { name: string; cookie: string }[],
): Promise<void> {
  const sessions = sessionsWith(fleet, options, { secret: secretOf(step) })
  for (const { name, cookie } of visitors) {
    expect((await sessions.open(cookie)).userId).toBe(name)
  }
}

/** Nobody was signed out, nothing was lost, and what is retired opens nothing. */
export async function expectAllWell(
  fleet: Fleet,
  options: FleetOptions,
  { loggedOut, visitors, taken }: Rotated,
  steps: number,
): Promise<void> {
  expect(loggedOut).toBe(0)
  expect(Object.keys(fleet.events).filter((name) => name.startsWith('rejected'))).toEqual([])
  expect(fleet.events['old-secret']).toBeGreaterThan(steps)
  if (fleet.store) for (const { counted, count } of visitors) expect(count).toBe(counted)

  const reasons: string[] = []
  const sessions = sessionsWith(fleet, options, {
    secret: ringOf(steps, 'prepublished'),
    onEvent: (event) => event.type === 'rejected' && reasons.push(event.reason),
  })
  const retired = taken.filter(({ step }) => step < steps - 1)
  expect(retired.length).toBeGreaterThan(0)
  for (const { cookie } of retired) expect((await sessions.open(cookie)).isNew).toBe(true)
  const isEncryptedCookie = options.encrypt && !options.store
  expect(new Set(reasons)).toEqual(new Set([isEncryptedCookie ? 'unknown-key' : 'signature']))
  expect(reasons).toHaveLength(retired.length)
}
