import { describe, expect, test } from 'vitest'
import { flask } from '../../src/flask/flask.ts'
import { createSessions, type Sessions } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { type FakeClock, fakeClock } from '../../src/testing/time/clock.ts'
import { sessionsOn, through } from '../promises/stores.ts'
import { SECRET } from '../session/visitor.ts'
import { ADAPTER_NAMES, ADAPTERS } from './adapters-and-backends.ts'
import type { Answer, Ask } from './asking.ts'
import { boldPage, ours, visits } from './shared-cache-visits.ts'

const LIFETIME = { lifetime: { idle: '10m' } } as const

interface Kept {
  readonly sessions: Sessions<any>
  readonly fail?: (isDown: boolean) => void
}

/** The ways sessions are kept; a store's engine makes no difference to a header. */
const KINDS: Readonly<Record<string, (clock: FakeClock) => Kept>> = {
  signed: (clock) => ({ sessions: createSessions<any>({ secret: SECRET, clock, ...LIFETIME }) }),
  encrypted: (clock) => ({
    sessions: createSessions<any>({ secret: SECRET, clock, ...LIFETIME, encrypt: true }),
  }),
  stored: (clock) => onStore(clock, {}),
  'stored and encrypted': (clock) => onStore(clock, { encrypt: true }),
  "Flask's": (clock) => ({
    sessions: createSessions<any>({
      ...flask({ SECRET_KEY: SECRET, PERMANENT_SESSION_LIFETIME: 600 }),
      clock,
    }),
  }),
}

function onStore(clock: FakeClock, options: { encrypt?: true }): Kept {
  let isDown = false
  const store = through(memoryStore({ clock }), (_verb, _args, call) =>
    isDown ? Promise.reject(new Error('The store is away.')) : call(),
  )
  const { sessions } = sessionsOn(store, { clock, rotate: '5m', ...LIFETIME, ...options })
  return { sessions, fail: (down) => void (isDown = down) }
}

async function site(adapter: (typeof ADAPTER_NAMES)[number], kind: string) {
  const clock = fakeClock()
  const { sessions, fail } = KINDS[kind]!(clock)
  const origin = await ADAPTERS[adapter](sessions, boldPage)
  return { clock, origin, ...(fail ? { fail } : {}) }
}

describe.each(ADAPTER_NAMES)('behind a shared cache, through %s,', (adapter) => {
  test.each(Object.keys(KINDS))(
    'nobody gets the page or the cookie of somebody else: %s sessions',
    async (kind) => {
      const found = await visits(await site(adapter, kind), { seed: 21, times: 600 })
      expect(found.leaks).toEqual([])
      expect(found.strayCookies).toEqual([])
      expect(found.storedCookies).toEqual([])
      expect(found.bareCookies).toEqual([])
      // The cache is no idle one, and it was given something to betray.
      expect(found.hits).toBeGreaterThan(10)
      expect(found.revalidated).toBeGreaterThan(0)
      expect(found.shared).toBeGreaterThan(0)
      expect(found.setCookies).toBeGreaterThan(20)
      expect(found.refreshes).toBeGreaterThan(0)
      expect(found.keptRefusals).toEqual([])
      if (!kind.startsWith('stored')) return expect(found.refused).toBeGreaterThan(0)
      expect(found.statuses[503]).toBeGreaterThan(0)
      expect(found.storedStatuses).not.toContain(503)
    },
  )
})

/** An app that lets a header of ours get lost. */
function careless(origin: Ask, spoil: (answer: Answer) => void): Ask {
  return async (path, init) => {
    const answer = await origin(path, init)
    spoil(answer)
    return answer
  }
}

const PUBLIC = 'public, max-age=600'
const isRefresh = (answer: Answer) => ours(answer).length > 0

describe('the cache of these tests tells on an app', () => {
  test.each<[string, (answer: Answer) => void, 'leaks' | 'storedCookies' | 'strayCookies']>([
    ['without Vary', ({ headers }) => headers.delete('vary'), 'leaks'],
    [
      'that leaves Cookie out of its Vary',
      ({ headers }) => headers.set('vary', 'Accept-Encoding'),
      'leaks',
    ],
    [
      'that lets its own Cache-Control stand beside a Set-Cookie',
      (answer) => isRefresh(answer) && answer.headers.set('cache-control', PUBLIC),
      'storedCookies',
    ],
    [
      'whose first cookies may be kept',
      (answer) => isRefresh(answer) && answer.headers.set('cache-control', PUBLIC),
      'strayCookies',
    ],
    [
      'that only forbids to keep the line of the cookie, and forgets Vary',
      ({ headers }) => {
        headers.set('cache-control', `${PUBLIC}, no-cache="set-cookie"`)
        headers.delete('vary')
      },
      'leaks',
    ],
  ])('%s', async (_fault, spoil, what) => {
    const { origin, ...place } = await site('Fetch', 'signed')
    const found = await visits(
      { ...place, origin: careless(origin, spoil) },
      { seed: 21, times: 2000 },
    )
    expect(found[what].length).toBeGreaterThan(0)
  })
})
