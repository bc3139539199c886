import { describe, expect, it } from 'vitest'
import { type Change, REMOVE } from '../../../src/record/changes.ts'
import { replay } from '../../../src/record/replay.ts'
import {
  bench,
  count,
  layout,
  login,
  logout,
  MINUTE,
  REGENERATE,
  set,
  valueIn,
  valueOf,
} from './bench.ts'

const CONSUME: Change = { do: 'consume', shown: 'all' }
const permanent = (on: boolean): Change => ({ do: 'permanent', on })

describe('a session in a store', () => {
  it('begins with the first thing kept, and not before', async () => {
    const { visit, store } = bench()
    const nobody = await visit(undefined)
    const emptied = await visit(undefined, set('a', 1), { do: 'delete', key: 'a' })
    expect([nobody.setCookie, emptied.setCookie]).toEqual([undefined, undefined])
    for await (const keys of store.keys()) expect(keys).toEqual([])
    const begun = await visit(undefined, set('a', 1))
    expect(begun.setCookie).toMatch(/^session=[\w-]{22}\.[\w-]{43}\.[\w-]{16}; HttpOnly; Path=\/$/)
    expect(valueIn((await visit(begun.cookie)).record, 'a')).toBe(1)
  })

  it('sends no cookie again for what is kept under the same id', async () => {
    const { visit } = bench()
    const { cookie } = await visit(undefined, set('a', 1))
    expect((await visit(cookie, set('b', 2))).setCookie).toBeUndefined()
    expect((await visit(cookie)).setCookie).toBeUndefined()
  })

  it('stays where its last key is deleted, so that a parallel write has a place', async () => {
    const { visit } = bench()
    const { cookie } = await visit(undefined, set('a', 1))
    const emptied = await visit(cookie, { do: 'clear' })
    expect(emptied.setCookie).toBeUndefined()
    expect((await visit(cookie)).rejected).toEqual([])
  })

  it('counts every parallel update, and each request sees its own number', async () => {
    const { visit } = bench()
    const { cookie } = await visit(undefined, count('n'))
    const visits = await Promise.all(Array.from({ length: 300 }, () => visit(cookie, count('n'))))
    const numbers = new Set(visits.map(({ record }) => valueIn(record, 'n')))
    expect(numbers.size).toBe(300)
    expect(valueIn((await visit(cookie)).record, 'n')).toBe(301)
  })

  it('fails one request alone whose update throws on newer data: a token is spent once', async () => {
    const { visit } = bench()
    const { cookie } = await visit(undefined, set('token', 'once'))
    const spend: Change = {
      do: 'update',
      key: 'token',
      fn: (token) => {
        if (token === undefined) throw new Error('spent')
        return REMOVE
      },
    }
    const both = [visit(cookie, spend), visit(cookie, spend), visit(cookie, count('n'))]
    const outcomes = await Promise.allSettled(both)
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(valueIn((await visit(cookie)).record, 'n')).toBe(1)
  })

  it('that would be too large fails, with its largest keys, and stays as it was', async () => {
    const { visit } = bench()
    const { cookie } = await visit(undefined, set('a', 1))
    const large = set('essay', 'x'.repeat(1_048_576))
    await expect(visit(cookie, large)).rejects.toMatchObject({
      code: 'ERR_SESSION_TOO_LARGE',
      message: expect.stringContaining('essay (1048578 bytes)'),
    })
    await expect(visit(undefined, large)).rejects.toMatchObject({ code: 'ERR_SESSION_TOO_LARGE' })
    expect((await visit(cookie)).record?.data.size).toBe(1)
  })
})

describe('its end', () => {
  it('comes once the visitor was away for longer than idle, and every visit moves it', async () => {
    const { visit, clock } = bench()
    const { cookie } = await visit(undefined, set('a', 1))
    clock.advance(59 * MINUTE)
    expect((await visit(cookie)).rejected).toEqual([])
    clock.advance(59 * MINUTE)
    expect((await visit(cookie)).rejected).toEqual([])
    clock.advance(60 * MINUTE + 1000)
    expect((await visit(cookie)).rejected).toEqual(['expired'])
  })

  it('is later for a permanent session, and a cookie that says so is sent when that changes', async () => {
    const { visit, clock } = bench({ permanent: 600 * MINUTE })
    const { cookie, setCookie } = await visit(undefined, set('a', 1))
    expect(setCookie).not.toContain('Max-Age')
    const lasting = await visit(cookie, permanent(true))
    expect(lasting.setCookie).toContain('Max-Age=36000')
    expect(lasting.cookie).toBe(cookie)
    clock.advance(599 * MINUTE)
    expect((await visit(cookie)).rejected).toEqual([])
    expect((await visit(cookie, permanent(false))).setCookie).not.toContain('Max-Age')
  })

  it('is told to the browser again when half of Max-Age is spent', async () => {
    const { visit, clock } = bench({ permanent: 600 * MINUTE })
    const { cookie } = await visit(undefined, set('a', 1), permanent(true))
    clock.advance(299 * MINUTE)
    expect((await visit(cookie)).setCookie).toBeUndefined()
    clock.advance(1 * MINUTE)
    const again = await visit(cookie)
    expect(again.setCookie).toContain('Max-Age=36000')
    expect(again.cookie).toBe(cookie)
    expect((await visit(cookie)).setCookie).toBeUndefined()
  })

  it('is final at a logout: later requests find nothing, slower ones keep nothing', async () => {
    const { visit, backend, clock } = bench()
    const { cookie } = await visit(undefined, set('a', 1))
    const slow = await backend.open([cookie!], clock())
    const out = await visit(cookie, logout())
    expect(out.setCookie).toContain('Max-Age=0')
    expect((await visit(cookie)).rejected).toEqual(['gone'])
    const late = async (...changes: Change[]) => {
      const next = replay(slow.record!, changes, layout)
      return backend.commit({ opened: slow, changes, next, now: clock() })
    }
    await expect(late(set('a', 2))).rejects.toMatchObject({ code: 'ERR_SESSION_GONE' })
    // Who had nothing of their own to lose gets their page.
    expect(await late(CONSUME)).toMatchObject({
      setCookie: undefined,
      notes: [{ type: 'ended-meanwhile' }],
    })
    expect(await late(REGENERATE)).toMatchObject({ setCookie: undefined })
    expect(await late(logout())).toMatchObject({ setCookie: expect.stringContaining('Max-Age=0') })
  })

  it('removes the row even of a session that is over by time', async () => {
    const { visit, clock, store } = bench()
    const { cookie } = await visit(undefined, set('a', 1))
    clock.advance(61 * MINUTE)
    await visit(cookie, logout())
    expect(await store.read(cookie!.slice(0, 22))).toBeNull()
  })

  it('keeps what a logout carries over, under another id', async () => {
    const { visit } = bench()
    const { cookie } = await visit(undefined, set('language', 'de'), set('secret', 1))
    const out = await visit(cookie, logout(['language']), set('bye', true))
    expect(out.cookie!.slice(0, 22)).not.toBe(cookie!.slice(0, 22))
    expect([...out.record!.data.keys()]).toEqual(['language', 'bye'])
    expect((await visit(out.cookie)).record!.data.size).toBe(2)
  })
})

describe('signing in', () => {
  it('makes the old id nobody at once and keeps what the visitor had', async () => {
    const { visit, clock } = bench()
    const { cookie } = await visit(undefined, set('cart', ['tea']))
    const signedIn = await visit(cookie, login('ada', clock))
    expect(signedIn.cookie).not.toBe(cookie)
    expect(valueIn((await visit(signedIn.cookie)).record, 'cart')).toEqual(['tea'])
    expect((await visit(cookie)).rejected).toEqual(['superseded'])
  })

  it('lets the old id keep nothing, set no cookie, and sign in anew', async () => {
    const { visit, clock } = bench()
    const { cookie } = await visit(undefined, set('cart', ['tea']))
    await visit(cookie, login('ada', clock))
    await expect(visit(cookie, set('a', 1))).rejects.toMatchObject({ code: 'ERR_SESSION_GONE' })
    expect((await visit(cookie, REGENERATE)).setCookie).toBeUndefined()
    expect((await visit(cookie, logout())).setCookie).toBeUndefined()
    const again = await visit(cookie, login('ada', clock))
    expect(again.cookie!.slice(0, 22)).not.toBe(cookie!.slice(0, 22))
  })

  it('takes an old id that comes much later for a replayed one', async () => {
    const { visit, clock } = bench()
    const { cookie } = await visit(undefined, set('a', 1))
    await visit(cookie, login('ada', clock))
    clock.advance(11_000)
    expect((await visit(cookie)).rejected).toEqual(['replayed'])
    // Then it is a visitor like any other.
    expect((await visit(cookie, set('a', 1))).setCookie).toBeDefined()
  })

  it('keeps what a slow request did before it out of what comes after', async () => {
    const { visit, backend, clock } = bench()
    const { cookie } = await visit(undefined, set('a', 1))
    const slow = await backend.open([cookie!], clock())
    const { cookie: signedIn } = await visit(cookie, login('ada', clock))
    const commit = backend.commit({
      opened: slow,
      changes: [set('planted', true)],
      next: slow.record!,
      now: clock(),
    })
    await expect(commit).rejects.toMatchObject({ code: 'ERR_SESSION_GONE' })
    expect((await visit(signedIn)).record?.data.has('planted')).toBe(false)
  })

  it('twice at once keeps the cart in both', async () => {
    const { visit, clock } = bench()
    const { cookie } = await visit(undefined, set('cart', ['tea']))
    const both = await Promise.all([
      visit(cookie, login('ada', clock)),
      visit(cookie, login('ada', clock)),
    ])
    for (const { cookie: signedIn } of both) {
      expect(valueIn((await visit(signedIn)).record, 'cart')).toEqual(['tea'])
    }
  })

  it('as another user leaves that user nothing of the first, whose session is over', async () => {
    const { visit, clock, backend } = bench()
    const ada = await visit(undefined, login('ada', clock), set('diary', 'mine'))
    const bob = await visit(ada.cookie, set('note', 'new'), login('bob', clock))
    expect([...bob.record!.data.keys()]).toEqual(['note'])
    expect((await visit(ada.cookie)).rejected).toEqual(['gone'])
    expect(await backend.members.list('ada')).toEqual([])
    expect(await backend.members.list('bob')).toHaveLength(1)
  })
})

describe('a new id', () => {
  it('leaves the old one open until it was shown, and the grace longer', async () => {
    const { visit, clock } = bench()
    const { cookie: old } = await visit(undefined, set('a', 1))
    const { cookie: fresh, notes } = await visit(old, REGENERATE)
    expect(notes).toEqual([{ type: 'renewed' }])
    clock.advance(MINUTE)
    expect((await visit(old)).rejected).toEqual([])
    expect((await visit(fresh)).rejected).toEqual([])
    clock.advance(10_000)
    expect((await visit(old)).rejected).toEqual([])
    clock.advance(1)
    expect((await visit(old)).rejected).toEqual(['replayed'])
    expect((await visit(fresh)).rejected).toEqual([])
  })

  it('is one for any number of parallel requests that ask for it', async () => {
    const { visit } = bench()
    const { cookie } = await visit(undefined, set('a', 1))
    const visits = await Promise.all(Array.from({ length: 20 }, () => visit(cookie, REGENERATE)))
    expect(visits.filter(({ setCookie }) => setCookie !== undefined)).toHaveLength(1)
  })

  it('comes with time where ids rotate, for who only reads too', async () => {
    const { visit, clock } = bench({ rotate: 15 * MINUTE })
    const { cookie } = await visit(undefined, set('a', 1))
    clock.advance(15 * MINUTE - 1000)
    expect((await visit(cookie)).setCookie).toBeUndefined()
    clock.advance(1000)
    const rotated = await visit(cookie)
    expect(rotated.cookie).not.toBe(cookie)
    expect((await visit(rotated.cookie)).setCookie).toBeUndefined()
  })

  it('is given once more to a browser that never got the first', async () => {
    const { visit, clock } = bench({ rotate: 15 * MINUTE })
    const { cookie } = await visit(undefined, set('a', 1))
    clock.advance(15 * MINUTE)
    await visit(cookie) // This answer is lost.
    clock.advance(15 * MINUTE)
    const again = await visit(cookie)
    expect(again.cookie).not.toBe(cookie)
    expect((await visit(again.cookie)).rejected).toEqual([])
  })

  it('is not what a cookie under an old secret is exchanged for: it is the same, once', async () => {
    const shared = bench({ keys: ['old'] })
    const { cookie } = await shared.visit(undefined, set('a', 1))
    const now = bench({ keys: ['new', 'old'] }, shared.store)
    const first = await now.visit(cookie)
    expect(first.setCookie).toBeDefined()
    expect(first.cookie!.slice(0, 66)).toBe(cookie!.slice(0, 66))
    expect((await now.visit(first.cookie)).setCookie).toBeUndefined()
    const rotating = bench({ keys: ['new', 'old'], rotate: 900 * MINUTE }, shared.store)
    // Two servers with their secrets in another order would renew it with every request.
    expect((await rotating.visit(cookie)).cookie!.slice(0, 66)).toBe(cookie!.slice(0, 66))
  })

  it('ends the session, by choice, when the old one is shown again', async () => {
    const { visit, clock } = bench({ onReplay: 'end' })
    const { cookie: old } = await visit(undefined, set('a', 1))
    const { cookie: fresh } = await visit(old, REGENERATE)
    await visit(fresh)
    clock.advance(71_001)
    expect((await visit(old)).rejected).toEqual(['replayed'])
    expect((await visit(fresh)).rejected).toEqual(['gone'])
  })

  it('does not end the session within a minute of the grace: a clock may be ahead', async () => {
    const { visit, clock } = bench({ onReplay: 'end' })
    const { cookie: old } = await visit(undefined, set('a', 1))
    const { cookie: fresh } = await visit(old, REGENERATE)
    await visit(fresh)
    clock.advance(70_000)
    expect((await visit(old)).rejected).toEqual(['replayed'])
    expect((await visit(fresh)).rejected).toEqual([])
  })

  it('is not ended by a slow request that only looks again', async () => {
    const { visit, backend, clock } = bench({ onReplay: 'end' })
    const { cookie } = await visit(undefined, set('a', 1))
    const slow = await backend.open([cookie!], clock())
    const { cookie: signedIn } = await visit(cookie, login('ada', clock))
    clock.advance(20_000)
    expect((await backend.reopen(slow, clock())).record).toBeUndefined()
    expect((await visit(signedIn)).rejected).toEqual([])
  })

  it('is no theft when two renewals follow each other at once', async () => {
    const { visit, clock } = bench({ onReplay: 'end' })
    const first = await visit(undefined, set('a', 1))
    const second = await visit(first.cookie, REGENERATE)
    const third = await visit(second.cookie, REGENERATE)
    clock.advance(2_000)
    expect((await visit(first.cookie)).rejected).toEqual(['superseded'])
    expect((await visit(third.cookie)).rejected).toEqual([])
  })

  it('is given again to who lost it, when a cookie is due, though ids do not rotate', async () => {
    const { visit, clock } = bench({ permanent: 600 * MINUTE })
    const { cookie } = await visit(undefined, set('a', 1), permanent(true))
    await visit(cookie, REGENERATE) // This answer is lost.
    clock.advance(299 * MINUTE)
    expect((await visit(cookie)).setCookie).toBeUndefined()
    clock.advance(MINUTE)
    const again = await visit(cookie)
    expect(again.cookie).not.toBe(cookie)
    expect((await visit(again.cookie)).rejected).toEqual([])
  })

  it('ends the session later where the store does not do it at once', async () => {
    let isAway = false
    const { visit, clock, timers } = bench({
      onReplay: 'end',
      wrap: (store) => ({
        ...store,
        remove: (key) => (isAway ? Promise.reject(new Error('away')) : store.remove(key)),
      }),
    })
    const { cookie: old } = await visit(undefined, set('a', 1))
    const { cookie: fresh } = await visit(old, REGENERATE)
    await visit(fresh)
    clock.advance(71_001)
    isAway = true
    const replayed = visit(old)
    await timers.pass(100)
    expect((await replayed).rejected).toEqual(['replayed'])
    isAway = false
    await timers.pass(2_000)
    expect((await visit(fresh)).rejected).toEqual(['gone'])
  })
})

describe('several cookies of our name', () => {
  it('open the one that verifies, or of several the one seen last', async () => {
    const { visit, backend, clock } = bench()
    const first = await visit(undefined, set('a', 1))
    clock.advance(5_000)
    const second = await visit(undefined, set('a', 2))
    for (const values of [
      [first.cookie!, second.cookie!],
      [second.cookie!, first.cookie!],
    ]) {
      const opened = await backend.open(values, clock())
      expect(valueIn(opened.record, 'a')).toBe(2)
      expect(opened.verified).toBe(2)
    }
    const opened = await backend.open(['x.y.z', first.cookie!, 'nonsense'], clock())
    expect(valueIn(opened.record, 'a')).toBe(1)
    expect(opened.rejected).toEqual(['malformed', 'malformed'])
  })

  it('all end at a logout: the other would sign the visitor in again', async () => {
    const { visit, backend, clock } = bench()
    const [a, b] = [await visit(undefined, set('a', 1)), await visit(undefined, set('a', 2))]
    const opened = await backend.open([a.cookie!, b.cookie!], clock())
    const next = replay(opened.record!, [logout()], layout)
    await backend.commit({ opened, changes: [logout()], next, now: clock() })
    expect((await visit(a.cookie)).rejected).toEqual(['gone'])
    expect((await visit(b.cookie)).rejected).toEqual(['gone'])
  })

  it('ask the store for no more than eight of them, and for no forged one', async () => {
    let reads = 0
    const { visit, backend, clock } = bench({
      wrap: (store) => ({ ...store, read: (key) => ((reads += 1), store.read(key)) }),
    })
    const cookies = await Promise.all(
      Array.from({ length: 20 }, () => visit(undefined, set('a', 1))),
    )
    await backend.open(
      cookies.map(({ cookie }) => cookie!),
      clock(),
    )
    expect(reads).toBe(8)
    await backend.open(
      cookies.map(({ cookie }) => `${cookie!.slice(0, -1)}!`),
      clock(),
    )
    expect(reads).toBe(8)
  })
})

it('says what another wrote to the same key meanwhile, where a change inside a value replaces it', async () => {
  const { visit } = bench()
  const { cookie } = await visit(undefined, set('cart', ['tea']))
  await visit(cookie, set('cart', ['tea', 'mug']))
  const nested: Change = { do: 'set', key: 'cart', text: '["tea","lamp"]', from: '["tea"]' }
  expect((await visit(cookie, nested)).notes).toEqual([{ type: 'overwrote', key: 'cart' }])
})

it('says nothing of that where the request itself had put the value there', async () => {
  const { visit } = bench()
  const { cookie } = await visit(undefined, set('a', 1))
  const nested: Change = { do: 'set', key: 'cart', text: '["tea"]', from: '[]' }
  expect((await visit(cookie, set('cart', []), nested)).notes).toEqual([])
})

it('looks again at a session under the id it has by now', async () => {
  const { visit, backend, clock } = bench()
  const { cookie } = await visit(undefined, set('a', 1))
  const opened = await backend.open([cookie!], clock())
  const request = { opened, changes: [REGENERATE], next: opened.record!, now: clock() }
  const { opened: renewed, setCookie } = await backend.commit(request)
  await visit(valueOf(setCookie!), set('a', 2))
  expect(valueIn((await backend.reopen(renewed, clock())).record, 'a')).toBe(2)
  await visit(valueOf(setCookie!), logout())
  expect((await backend.reopen(renewed, clock())).record).toBeUndefined()
})
