import { describe, expect, test } from 'vitest'
import { GARBAGE_MS } from '../../src/backends/stored/store.ts'
import { fakeClock } from '../../src/testing/time/clock.ts'
import { browser, expressSite, type Page } from './site.ts'
import { barrier, sessionsOn, type StoreName, STORES, storeOf, through } from './stores.ts'

const FIVE_MINUTES = 300_000

/** A site on a store that loses lists. A login of the page `slow-...` is called, and waits. */
async function site(name: StoreName, options: Parameters<typeof sessionsOn>[1] = {}) {
  const clock = fakeClock()
  const { store, again, loseList, loseTombstone } = await storeOf(name, clock)
  const announced = barrier()
  const heard = through(store, async (verb, _args, call) => {
    const answer = await call()
    if (verb === 'epoch') void announced.wait()
    return answer
  })
  const { sessions, events } = sessionsOn(heard, { clock, ...options })
  const slow = barrier()
  const pages: Record<string, Page> = {
    'sign-in': (session, query) => session.login(query.get('as') ?? 'ann'),
    home: (session) => session.userId ?? 'nobody',
    handle: (session) => session.handle,
    async 'slow-sign-in'(session) {
      session.login('ann')
      await slow.wait()
    },
  }
  const url = await expressSite(sessions, pages)
  const signedIn = async (as = 'ann') => {
    const visitor = browser(url)
    await visitor.visit(`sign-in?as=${as}`)
    return visitor
  }
  const homeOf = async (visitor: { cookie: string | undefined }) =>
    (await browser(url, visitor.cookie).ask('home')).shown as string
  return {
    clock,
    store,
    again,
    loseList,
    loseTombstone,
    sessions,
    events,
    announced,
    slow,
    pages,
    url,
    signedIn,
    homeOf,
  }
}

describe.each(STORES)('a revoked user has no open session, whatever %s forgot:', (name) => {
  test('the list of sessions was lost: revokeUser ends them all, and nobody else’s', async () => {
    const { sessions, events, loseList, signedIn, homeOf } = await site(name)
    const phone = await signedIn()
    const laptop = await signedIn()
    const bob = await signedIn('bob')
    await loseList('ann')
    expect(await sessions.list('ann')).toEqual([])
    expect(await homeOf(bob)).toBe('bob')
    expect(await sessions.revokeUser('ann')).toMatchObject({ marked: true })
    expect(await homeOf(phone)).toBe('nobody')
    expect(await homeOf(laptop)).toBe('nobody')
    const rejected = events.filter(({ type }) => type === 'rejected')
    expect(rejected).toMatchObject([{ reason: 'revoked' }, { reason: 'revoked' }])
    expect(await homeOf(bob)).toBe('bob')
    // Who was revoked may sign in again, at once.
    expect(await homeOf(await signedIn())).toBe('ann')
  })

  test('one session of a lost list ends by its handle', async () => {
    const { sessions, loseList, signedIn, homeOf } = await site(name)
    const phone = await signedIn()
    const laptop = await signedIn()
    const handle = (await phone.ask('handle')).shown as string
    await loseList('ann')
    expect(await sessions.revoke('bob', handle)).toBe(false)
    expect(await sessions.revoke('ann', handle)).toBe(true)
    expect(await homeOf(phone)).toBe('nobody')
    expect(await homeOf(laptop)).toBe('ann')
  })

  test('a visit puts the session back into the list: it is shown, and ends with the others', async () => {
    const { sessions, loseList, signedIn, homeOf } = await site(name)
    const phone = await signedIn()
    const handle = (await phone.ask('handle')).shown as string
    await loseList('ann')
    expect(await homeOf(phone)).toBe('ann')
    expect(await sessions.list('ann')).toMatchObject([{ handle }])
    expect(await sessions.revokeUser('ann')).toMatchObject({ ended: 1 })
    expect(await homeOf(phone)).toBe('nobody')
  })

  test('the limit counts a session again that the list had lost, after one visit', async () => {
    const { loseList, signedIn, homeOf } = await site(name, { maxSessionsPerUser: 1 })
    const phone = await signedIn()
    await loseList('ann')
    expect(await homeOf(phone)).toBe('ann')
    const laptop = await signedIn()
    expect(await homeOf(phone)).toBe('nobody')
    expect(await homeOf(laptop)).toBe('ann')
  })

  test('a login that was called before the revocation is refused, however late it is saved', async () => {
    const { sessions, announced, slow, url, homeOf } = await site(name)
    const visitor = browser(url)
    const underWay = visitor.ask('slow-sign-in')
    await Promise.all([slow.reached(), announced.reached()])
    await sessions.revokeUser('ann')
    slow.open()
    expect(await underWay).toMatchObject({ status: 409, setCookie: undefined })
    expect(await sessions.list('ann')).toEqual([])
    await visitor.visit('sign-in')
    expect(await homeOf(visitor)).toBe('ann')
  })

  test('a revoked session that a lagging replica brings back does not open', async () => {
    const { clock, sessions, store, loseTombstone, signedIn, homeOf } = await site(name)
    const phone = await signedIn()
    const [{ handle = '' } = {}] = await sessions.list('ann')
    const row = (await store.read(handle))!
    await sessions.revokeUser('ann')
    clock.advance(3 * GARBAGE_MS)
    await loseTombstone(handle)
    expect(await store.insert(handle, row)).toBe(true)
    expect(await homeOf(phone)).toBe('nobody')
    // Nor does a visit put it back into the list.
    expect(await sessions.list('ann')).toEqual([])
  })

  test('the session that is excepted stays open, if its list was lost too, and one that was revoked cannot be', async () => {
    const { sessions, loseList, signedIn, homeOf } = await site(name)
    const phone = await signedIn()
    const laptop = await signedIn()
    const except = (await laptop.ask('handle')).shown as string
    await loseList('ann')
    await sessions.revokeUser('ann', { except })
    expect(await homeOf(phone)).toBe('nobody')
    expect(await homeOf(laptop)).toBe('ann')
    await sessions.revokeUser('ann')
    await sessions.revokeUser('ann', { except })
    expect(await homeOf(laptop)).toBe('nobody')
  })

  test('a handle that can be of no session ends and excepts none, whatever its characters', async () => {
    const { sessions, signedIn, homeOf } = await site(name)
    for (const handle of ['a\0b', '\ud800', '', 'x'.repeat(10_000)]) {
      const phone = await signedIn()
      expect(await sessions.revoke('ann', handle)).toBe(false)
      expect(await homeOf(phone)).toBe('ann')
      expect(await sessions.revokeUser('ann', { except: handle })).toMatchObject({ ended: 1 })
      expect(await homeOf(phone)).toBe('nobody')
    }
  })

  test.each([FIVE_MINUTES, -FIVE_MINUTES])(
    'a server whose clock is %i ms ahead revokes what the other signed in, and keeps nobody from the next login',
    async (ahead) => {
      const { clock, again, pages, sessions, signedIn, homeOf, loseList } = await site(name)
      const other = sessionsOn(await again(), { clock: () => clock() + ahead })
      const elsewhere = await expressSite(other.sessions, pages)
      const here = await signedIn()
      const there = browser(elsewhere)
      await there.visit('sign-in')
      // Each is valid at both.
      expect(await homeOf(there)).toBe('ann')
      expect((await browser(elsewhere, here.cookie).ask('home')).shown).toBe('ann')
      await loseList('ann')
      await other.sessions.revokeUser('ann')
      expect(await homeOf(here)).toBe('nobody')
      expect(await homeOf(there)).toBe('nobody')
      const next = await signedIn()
      expect(await homeOf(next)).toBe('ann')
      await sessions.revokeUser('ann')
      await there.visit('sign-in')
      expect(await homeOf(next)).toBe('nobody')
      expect(await homeOf(there)).toBe('ann')
    },
  )
})
