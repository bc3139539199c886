import { describe, expect, it } from 'vitest'
import { notSent } from '../../../src/backends/stored/store-errors.ts'
import { replay } from '../../../src/record/replay.ts'
import { bench, layout, login, logout, MINUTE, set, valueIn, valueOf } from './bench.ts'

const label = (name: string) => ({ do: 'label', label: name }) as const

describe("a user's sessions", () => {
  it('are listed with their times and labels, the first to sign in first', async () => {
    const { visit, backend, clock } = bench()
    await visit(undefined, login('ada', clock), label('laptop'))
    clock.advance(10 * MINUTE)
    const phone = await visit(undefined, login('ada', clock), label('phone'))
    await visit(undefined, login('bob', clock))
    await visit(undefined, set('a', 1))
    clock.advance(20 * MINUTE)
    await visit(phone.cookie)
    const began = Date.UTC(2026, 0, 1)
    expect(await backend.members.list('ada')).toEqual([
      {
        handle: expect.stringMatching(/^[\w-]{22}$/),
        label: 'laptop',
        createdAt: new Date(began),
        authenticatedAt: new Date(began),
        lastSeenAt: new Date(began),
      },
      {
        handle: phone.cookie!.slice(0, 22),
        label: 'phone',
        createdAt: new Date(began + 10 * MINUTE),
        authenticatedAt: new Date(began + 10 * MINUTE),
        lastSeenAt: new Date(began + 30 * MINUTE),
      },
    ])
  })

  it('are not listed once they are over, by logout or by time', async () => {
    const { visit, backend, clock, store } = bench()
    const out = await visit(undefined, login('ada', clock))
    await visit(undefined, login('ada', clock))
    await visit(out.cookie, logout())
    expect(await backend.members.list('ada')).toHaveLength(1)
    expect(await store.list('ada')).toHaveLength(1)
    clock.advance(61 * MINUTE)
    expect(await backend.members.list('ada')).toEqual([])
  })

  it('end one by one, each only for its own user', async () => {
    const { visit, backend, clock } = bench()
    const { cookie } = await visit(undefined, login('ada', clock))
    const handle = cookie!.slice(0, 22)
    expect(await backend.members.revoke('bob', handle)).toBe(false)
    expect(await backend.members.revoke('ada', 'unknown')).toBe(false)
    expect((await visit(cookie)).rejected).toEqual([])
    expect(await backend.members.revoke('ada', handle)).toBe(true)
    expect((await visit(cookie)).rejected).toEqual(['gone'])
    expect(await backend.members.revoke('ada', handle)).toBe(false)
  })

  it('end all at once, save the one that is excepted', async () => {
    const { visit, backend, clock } = bench()
    const [a, b, c] = [
      await visit(undefined, login('ada', clock)),
      await visit(undefined, login('ada', clock)),
      await visit(undefined, login('bob', clock)),
    ]
    expect(await backend.members.revokeAll('ada', b.cookie!.slice(0, 22))).toEqual({
      ended: 1,
      marked: true,
    })
    expect((await visit(a.cookie)).rejected).toEqual(['gone'])
    expect((await visit(b.cookie)).rejected).toEqual([])
    expect((await visit(c.cookie)).rejected).toEqual([])
  })
})

describe('the list of a user', () => {
  it('loses the keys of sessions that ran out when somebody looks at it', async () => {
    const { visit, backend, clock, store } = bench()
    await visit(undefined, login('ada', clock))
    clock.advance(62 * MINUTE)
    await visit(undefined, login('ada', clock))
    expect(await backend.members.list('ada')).toHaveLength(1)
    expect(await store.list('ada')).toHaveLength(1)
  })

  it('does not grow beyond the limit, where nobody ever looks', async () => {
    const { visit, clock, store } = bench({ limit: { most: 20, onLimit: 'evict-oldest' } })
    for (let day = 0; day < 200; day += 1) {
      await visit(undefined, login('ada', clock))
      clock.advance(62 * MINUTE)
    }
    expect((await store.list('ada')).length).toBeLessThanOrEqual(20)
  })

  it('says of a session that it was there, though the reply to its end was lost', async () => {
    let calls = 0
    const { visit, backend, clock, timers } = bench({
      wrap: (store) => ({
        ...store,
        async remove(key) {
          const removed = await store.remove(key)
          if (++calls === 1) throw new Error('the reply is lost')
          return removed
        },
      }),
    })
    const { cookie } = await visit(undefined, login('ada', clock))
    const revoking = backend.members.revoke('ada', cookie!.slice(0, 22))
    await timers.pass(60)
    expect(await revoking).toBe(true)
  })
})

describe('a login that was called before its user was revoked', () => {
  it('stays where its own session is the one that is excepted', async () => {
    const { visit, backend, clock } = bench()
    const guest = await visit(undefined, set('a', 1))
    const opened = await backend.open([guest.cookie!], clock())
    const change = { ...login('ada', clock), epoch: backend.members.epoch('ada') }
    clock.advance(5)
    await backend.members.revokeAll('ada', opened.handle)
    clock.advance(5)
    const next = replay(opened.record!, [change], layout)
    const { setCookie } = await backend.commit({ opened, changes: [change], next, now: clock() })
    expect((await visit(valueOf(setCookie!))).rejected).toEqual([])
  })

  it('is refused, and leaves nothing', async () => {
    const { visit, backend, clock, store } = bench()
    const calledBefore = { ...login('ada', clock), epoch: backend.members.epoch('ada') }
    clock.advance(2)
    await backend.members.revokeAll('ada', undefined)
    clock.advance(1_000)
    const begun = visit(undefined, calledBefore)
    await expect(begun).rejects.toMatchObject({ code: 'ERR_SESSION_GONE', status: 409 })
    expect(await store.list('ada')).toEqual([])
    for await (const keys of store.keys()) expect(keys).toEqual([])
  })

  it('is not one that is called in the same millisecond', async () => {
    const { visit, backend, clock } = bench()
    await backend.members.revokeAll('ada', undefined)
    expect((await visit(undefined, login('ada', clock))).setCookie).toBeDefined()
  })
})

describe("a user's list that the store has lost", () => {
  /** Signs Ada in, and loses her list as a failover or an eviction does. */
  async function lost() {
    const made = bench()
    const { visit, clock, store } = made
    const { cookie } = await visit(undefined, login('ada', clock))
    const handle = cookie!.slice(0, 22)
    await store.erase('ada')
    return { ...made, cookie: cookie!, handle }
  }

  it('does not keep revokeUser from ending the sessions in it', async () => {
    const { visit, backend, cookie } = await lost()
    expect(await backend.members.revokeAll('ada', undefined)).toEqual({ ended: 0, marked: true })
    expect((await visit(cookie)).rejected).toEqual(['revoked'])
    await expect(visit(cookie, set('a', 1))).resolves.toMatchObject({ rejected: ['revoked'] })
  })

  it('does not let an exception bring back a session that was revoked before', async () => {
    const { visit, backend, cookie, handle } = await lost()
    await backend.members.revokeAll('ada', undefined)
    await backend.members.revokeAll('ada', handle)
    expect((await visit(cookie)).rejected).toEqual(['revoked'])
  })

  it('does not let a session live on whose epoch is higher than that of a later revocation', async () => {
    const { backend, visit, clock, store } = bench()
    clock.advance(5 * MINUTE)
    await backend.members.revokeAll('ada', undefined)
    const { cookie } = await visit(undefined, login('ada', clock))
    await store.erase('ada')
    clock.advance(-5 * MINUTE)
    await backend.members.revokeAll('ada', undefined)
    expect((await visit(cookie)).rejected).toEqual(['revoked'])
  })

  it('does not keep revoke from ending one of them', async () => {
    const { visit, backend, cookie, handle } = await lost()
    expect(await backend.members.revoke('bob', handle)).toBe(false)
    expect(await backend.members.revoke('ada', handle)).toBe(true)
    expect((await visit(cookie)).rejected).toEqual(['gone'])
  })

  it.each([
    ['that only reads', []],
    ['that writes', [set('a', 1)]],
  ])('is mended by the next visit %s', async (_, changes) => {
    const { visit, backend, store, cookie, handle } = await lost()
    await visit(cookie, ...changes)
    expect(await store.list('ada')).toEqual([handle])
    expect(await backend.members.list('ada')).toMatchObject([{ handle }])
  })

  it('is not mended by a request whose user was revoked meanwhile', async () => {
    for (const changes of [[], [set('a', 1)]]) {
      const { backend, store, clock, cookie } = await lost()
      const opened = await backend.open([cookie], clock())
      await backend.members.revokeAll('ada', undefined)
      const next = replay(opened.record!, changes, layout)
      const committed = Promise.resolve(backend.commit({ opened, changes, next, now: clock() }))
      if (changes.length > 0) {
        await expect(committed).rejects.toMatchObject({ code: 'ERR_SESSION_GONE' })
      } else expect((await committed).notes).toEqual([{ type: 'ended-meanwhile' }])
      expect(await store.list('ada')).toEqual([])
    }
  })

  it('comes back with the epoch of the sessions that still use it', async () => {
    const { visit, backend, store, clock } = bench()
    await backend.members.revokeAll('ada', undefined)
    const epoch = await store.epoch('ada')
    const { cookie } = await visit(undefined, login('ada', clock))
    await store.erase('ada')
    await visit(cookie)
    expect(await store.epoch('ada')).toBe(epoch)
  })
})

describe('an erased user', () => {
  it.each([
    ['that only reads', []],
    ['that writes', [set('a', 1)]],
  ])('is not stored again by a request in flight %s', async (_, changes) => {
    const { visit, backend, clock, store } = bench()
    const { cookie } = await visit(undefined, login('ada', clock))
    clock.advance(30 * MINUTE)
    const opened = await backend.open([cookie!], clock())
    expect(await backend.members.erase('ada')).toBe(1)
    const next = replay(opened.record!, changes, layout)
    const committing = async () => backend.commit({ opened, changes, next, now: clock() })
    await committing().catch((error: { code: string }) => {
      expect(error.code).toBe('ERR_SESSION_GONE')
    })
    expect(await store.list('ada')).toEqual([])
  })
})

describe('servers whose clocks differ by five minutes', () => {
  it.each([
    ['ahead', 5 * MINUTE],
    ['behind', -5 * MINUTE],
  ])('agree on a revocation by the one that is %s', async (_, skew) => {
    const here = bench()
    const there = bench({}, here.store)
    there.clock.advance(10 * MINUTE)
    here.clock.advance(10 * MINUTE - skew)
    const before = await here.visit(undefined, login('ada', here.clock))
    const inFlight = { ...login('ada', here.clock), epoch: here.backend.members.epoch('ada') }
    await there.backend.members.revokeAll('ada', undefined)
    expect((await here.visit(before.cookie)).rejected).toEqual(['gone'])
    await expect(here.visit(undefined, inFlight)).rejects.toMatchObject({
      code: 'ERR_SESSION_GONE',
    })
    const after = await here.visit(undefined, login('ada', here.clock))
    expect((await here.visit(after.cookie)).rejected).toEqual([])
    await here.backend.members.revokeAll('ada', undefined)
    expect((await here.visit(after.cookie)).rejected).toEqual(['gone'])
    await expect(there.visit(undefined, login('ada', there.clock))).resolves.toBeDefined()
  })

  it('both end a session that has expired only for the one that is ahead, if it is revoked', async () => {
    const here = bench({ idle: 15 * MINUTE })
    const ahead = bench({ idle: 15 * MINUTE }, here.store)
    ahead.clock.advance(17 * MINUTE)
    const { cookie } = await here.visit(undefined, login('ada', here.clock))
    await ahead.backend.members.revoke('ada', cookie!.slice(0, 22))
    expect((await here.visit(cookie)).rejected).toEqual(['gone'])
  })

  it('delete no session that has expired only for the one that is ahead', async () => {
    const here = bench({ idle: 15 * MINUTE, limit: { most: 1, onLimit: 'reject' } })
    const options = { idle: 15 * MINUTE, limit: { most: 1, onLimit: 'reject' as const } }
    const ahead = bench(options, here.store)
    ahead.clock.advance(17 * MINUTE)
    const { cookie } = await here.visit(undefined, login('ada', here.clock))
    expect(await ahead.backend.members.list('ada')).toEqual([])
    await ahead.visit(undefined, login('ada', ahead.clock))
    expect((await here.visit(cookie)).rejected).toEqual([])
    expect(await here.store.list('ada')).toContain(cookie!.slice(0, 22))
  })
})

describe('a store that has no room for the revocation itself', () => {
  it('has the sessions ended all the same, and the result says what is missing', async () => {
    const { visit, backend, clock } = bench({
      wrap: (store) => ({
        ...store,
        revoke: async (owner) => ({
          epoch: await store.epoch(owner),
          keys: await store.list(owner),
        }),
      }),
    })
    const { cookie } = await visit(undefined, login('ada', clock))
    const revocation = await backend.members.revokeAll('ada', undefined)
    expect(revocation).toEqual({ ended: 1, marked: false })
    expect((await visit(cookie)).rejected).toEqual(['gone'])
  })
})

describe('erase', () => {
  it('ends every session of the user, listed or not, and leaves no trace of the id', async () => {
    const { visit, backend, clock, store } = bench()
    await visit(undefined, login('ada', clock))
    await store.erase('ada')
    await visit(undefined, login('ada', clock))
    const bob = await visit(undefined, login('bob', clock))
    await backend.members.revokeAll('ada', undefined)
    await visit(undefined, login('ada', clock))
    expect(await backend.members.erase('ada')).toBe(2)
    expect(await store.epoch('ada')).toBe(0)
    expect(await store.list('ada')).toEqual([])
    const left: string[] = []
    for await (const keys of store.keys()) left.push(...keys)
    expect(left).toEqual([bob.cookie!.slice(0, 22)])
  })
})

describe('a limit', () => {
  it('is not used up by a key whose row is another visitor’s, as after a failover', async () => {
    const { visit, clock, store } = bench({ limit: { most: 1, onLimit: 'reject' } })
    const guest = await visit(undefined, set('a', 1))
    const room = { most: 9, refuse: true }
    await store.admit('ada', guest.cookie!.slice(0, 22), 0, clock() + MINUTE, room)
    expect((await visit(undefined, login('ada', clock))).setCookie).toBeDefined()
    expect((await visit(guest.cookie)).rejected).toEqual([])
  })

  it('ends no session for a login whose own session has ended meanwhile', async () => {
    let ends = false
    const { visit, clock, backend } = bench({
      limit: { most: 1, onLimit: 'evict-oldest' },
      wrap: (store) => ({
        ...store,
        async admit(owner, key, ...rest) {
          if (ends) await store.remove(key)
          return store.admit(owner, key, ...rest)
        },
      }),
    })
    const first = await visit(undefined, login('ada', clock))
    ends = true
    await expect(visit(undefined, login('ada', clock))).rejects.toMatchObject({
      code: 'ERR_SESSION_GONE',
    })
    expect((await visit(first.cookie)).rejected).toEqual([])
    expect(await backend.members.list('ada')).toHaveLength(1)
  })

  it('does not grow what a login over it does with the sessions of the user', async () => {
    let calls = 0
    const counted = bench({
      limit: { most: 300, onLimit: 'evict-oldest' },
      wrap: (store) => ({
        ...store,
        read: (key) => (calls++, store.read(key)),
        remove: (key) => (calls++, store.remove(key)),
      }),
    })
    for (let n = 0; n < 300; n += 1) await counted.visit(undefined, login('ada', counted.clock))
    calls = 0
    await counted.visit(undefined, login('ada', counted.clock))
    expect(calls).toBeLessThanOrEqual(65)
    expect(await counted.store.list('ada')).toHaveLength(300)
  })

  it('ends the oldest for the newest', async () => {
    const { visit, clock } = bench({ limit: { most: 2, onLimit: 'evict-oldest' } })
    const first = await visit(undefined, login('ada', clock))
    const second = await visit(undefined, login('ada', clock))
    const third = await visit(undefined, login('ada', clock))
    const handles = [first.cookie!.split('.')[0]]
    expect(third.notes).toEqual([{ type: 'evicted', count: 1, handles }])
    expect((await visit(first.cookie)).rejected).toEqual(['gone'])
    expect((await visit(second.cookie)).rejected).toEqual([])
    expect((await visit(third.cookie)).rejected).toEqual([])
  })

  it('refuses one more, says so, and takes it once another has ended', async () => {
    const { visit, clock, backend } = bench({ limit: { most: 1, onLimit: 'reject' } })
    const first = await visit(undefined, login('ada', clock))
    await expect(visit(undefined, login('ada', clock))).rejects.toMatchObject({
      code: 'ERR_SESSION_LIMIT',
      status: 403,
    })
    expect((await visit(undefined, login('bob', clock))).setCookie).toBeDefined()
    await visit(first.cookie, logout())
    expect((await visit(undefined, login('ada', clock))).setCookie).toBeDefined()
    expect(await backend.members.list('ada')).toHaveLength(1)
  })

  it.each(['reject', 'evict-oldest'] as const)(
    'does not count sessions that ran out (%s)',
    async (onLimit) => {
      const { visit, clock } = bench({ limit: { most: 2, onLimit } })
      await visit(undefined, login('ada', clock))
      clock.advance(30 * MINUTE)
      const second = await visit(undefined, login('ada', clock))
      clock.advance(40 * MINUTE)
      expect((await visit(undefined, login('ada', clock))).setCookie).toBeDefined()
      expect((await visit(second.cookie)).rejected).toEqual([])
    },
  )

  it.each(['reject', 'evict-oldest'] as const)(
    'is exact when 64 sign in at once (%s)',
    async (onLimit) => {
      const { visit, clock, backend } = bench({ limit: { most: 5, onLimit } })
      const visits = Array.from({ length: 64 }, () => visit(undefined, login('ada', clock)))
      const outcomes = await Promise.allSettled(visits)
      expect(await backend.members.list('ada')).toHaveLength(5)
      const kept = outcomes.filter(({ status }) => status === 'fulfilled').length
      expect(kept).toBe(onLimit === 'reject' ? 5 : 64)
    },
  )

  it('that refuses a login leaves the visitor what they had', async () => {
    const { visit, clock } = bench({ limit: { most: 1, onLimit: 'reject' } })
    await visit(undefined, login('ada', clock))
    const guest = await visit(undefined, set('cart', ['tea']))
    await expect(visit(guest.cookie, login('ada', clock))).rejects.toMatchObject({
      code: 'ERR_SESSION_LIMIT',
    })
    expect(valueIn((await visit(guest.cookie)).record, 'cart')).toEqual(['tea'])
  })

  it('is not used up by signing in again in the same session', async () => {
    const { visit, clock, backend } = bench({ limit: { most: 1, onLimit: 'reject' } })
    let { cookie } = await visit(undefined, login('ada', clock))
    for (let times = 0; times < 3; times += 1) {
      cookie = (await visit(cookie, login('ada', clock))).cookie
    }
    expect(await backend.members.list('ada')).toHaveLength(1)
  })
})

it('a list outlives the sessions in it, however long they are visited', async () => {
  const kept: number[] = []
  const { visit, clock, store } = bench({
    wrap: (inner) => ({
      ...inner,
      keep: (...args) => (kept.push(args[3]), inner.keep(...args)),
    }),
  })
  const { cookie } = await visit(undefined, login('ada', clock))
  for (let hour = 0; hour < 50; hour += 1) {
    clock.advance(20 * MINUTE)
    await (hour % 2 === 0 ? visit(cookie) : visit(cookie, set('a', hour)))
    const row = await store.read(cookie!.slice(0, 22))
    expect(kept.at(-1)!).toBeGreaterThan(row!.expiresAt)
  }
})

it('a login that the store did not admit leaves nothing that counts against the limit', async () => {
  let isAway = true
  const { visit, clock, timers, store } = bench({
    limit: { most: 1, onLimit: 'reject' },
    wrap: (inner) => ({
      ...inner,
      admit: async (...args) => {
        const admission = await inner.admit(...args)
        if (isAway) throw new Error('the reply is lost')
        return admission
      },
    }),
  })
  const outcome = Promise.allSettled([visit(undefined, login('ada', clock))])
  await timers.pass(100)
  expect(await outcome).toMatchObject([{ reason: { code: 'ERR_STORE_UNAVAILABLE' } }])
  isAway = false
  await timers.pass(1_000)
  for await (const keys of store.keys()) expect(keys).toEqual([])
  expect((await visit(undefined, login('ada', clock))).setCookie).toBeDefined()
})

it('a login that fails since the calls were refused that were to end the oldest leaves nothing listed', async () => {
  let isFull = false
  const { visit, clock, timers, store, backend } = bench({
    limit: { most: 1, onLimit: 'evict-oldest' },
    wrap: (inner) => ({
      ...inner,
      remove: (key) =>
        isFull ? Promise.reject(notSent('remove', 'no turn came')) : inner.remove(key),
    }),
  })
  const { cookie } = await visit(undefined, login('ada', clock))
  isFull = true
  const outcome = Promise.allSettled([visit(undefined, login('ada', clock))])
  await timers.pass(100)
  expect(await outcome).toMatchObject([{ reason: { code: 'ERR_STORE_UNAVAILABLE' } }])
  isFull = false
  await timers.pass(1_000)
  const left: string[] = []
  for await (const keys of store.keys()) left.push(...keys)
  expect(left).toEqual([cookie!.slice(0, 22)])
  expect(await backend.members.list('ada')).toHaveLength(1)
})

it('a second login that the store did not admit leaves who was signed in signed in', async () => {
  let isAway = false
  const { visit, clock, timers } = bench({
    wrap: (inner) => ({
      ...inner,
      admit: (...args) => (isAway ? Promise.reject(new Error('away')) : inner.admit(...args)),
      swap: (...args) => (isAway ? Promise.reject(new Error('away')) : inner.swap(...args)),
    }),
  })
  const { cookie } = await visit(undefined, login('ada', clock))
  isAway = true
  const outcome = Promise.allSettled([visit(cookie, login('ada', clock))])
  await timers.pass(1_100)
  expect((await outcome)[0].status).toBe('rejected')
  isAway = false
  await timers.pass(5_000)
  expect((await visit(cookie)).rejected).toEqual([])
})

it('a login as another user that could not end the first session leaves no session behind', async () => {
  let isAway = false
  const { visit, clock, timers, backend } = bench({
    wrap: (inner) => ({
      ...inner,
      remove: (key) => (isAway ? Promise.reject(new Error('away')) : inner.remove(key)),
    }),
  })
  const { cookie } = await visit(undefined, login('ada', clock))
  isAway = true
  const outcome = Promise.allSettled([visit(cookie, login('bob', clock))])
  await timers.pass(200)
  expect(await outcome).toMatchObject([{ reason: { code: 'ERR_STORE_UNAVAILABLE' } }])
  isAway = false
  await timers.pass(5_000)
  expect(await backend.members.list('bob')).toEqual([])
})
