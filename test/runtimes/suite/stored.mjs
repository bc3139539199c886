/** Sessions in a store: one row each, many requests at once, a store that hangs. */

import assert from 'node:assert/strict'
import { createSessions } from 'sojourn'
import { withSessions } from 'sojourn/fetch'
import { sessionStore } from 'sojourn/stores'
import { memoryStore } from 'sojourn/stores/memory'
import { fakeClock, storeConformance, testVisitor } from 'sojourn/testing'
import { browserOn, count, fortyAtOnce, secret } from './site.mjs'

/** A Fetch app that counts visits. */
const counting = (sessions) =>
  withSessions(sessions, async (request) => new Response(await count(sessions.get(request))))

/** The memory store, with some verbs replaced. */
function storeWith(replace) {
  const memory = memoryStore()
  return sessionStore({ ...memory, ...replace(memory) })
}

export const stored = {
  async '40 concurrent requests of one session are all answered, and count exactly'(host) {
    const sessions = createSessions({ secret, store: memoryStore() })
    await fortyAtOnce(await host.serve(counting(sessions)), sessions)
  },

  async 'concurrent requests share the swaps of a slow store'(host) {
    let swaps = 0
    const store = storeWith((memory) => ({
      async swap(...args) {
        swaps += 1
        // A few turns of the event loop, in which the other requests arrive.
        for (let turns = 0; turns < 20; turns += 1) {
          await new Promise((next) => setTimeout(next, 1))
        }
        return memory.swap(...args)
      },
    }))
    const sessions = createSessions({ secret, store })
    await fortyAtOnce(await host.serve(counting(sessions)), sessions)
    assert.ok(swaps < 42, `${swaps} swaps for 41 requests`)
  },

  async 'two processes that share a store lose no update'(host) {
    const store = memoryStore()
    const apps = [createSessions({ secret, store }), createSessions({ secret, store })]
    const visits = await Promise.all(apps.map((sessions) => host.serve(counting(sessions))))
    const { go, jar } = browserOn(visits[0], apps[0])
    await (await go()).text()
    const { cookie } = jar
    const statuses = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        const response = await visits[n % 2]('/', { headers: { cookie } })
        await response.text()
        return response.status
      }),
    )
    assert.deepEqual(new Set(statuses), new Set([200]))
    assert.equal(await (await go()).text(), '22')
  },

  async 'a store that hangs gives a 503 at the deadline'(host) {
    const never = () => new Promise(() => {})
    const deadlines = { read: '40ms', write: '40ms', commit: '160ms', queue: '40ms' }
    const memory = memoryStore()
    const cookie = await (async () => {
      const visitor = testVisitor(createSessions({ secret, store: memory }))
      await visitor.session((one) => one.set('visits', 1))
      return visitor.cookie
    })()
    for (const verb of ['read', 'swap']) {
      const store = sessionStore({ ...memory, [verb]: never })
      const visit = await host.serve(counting(createSessions({ secret, store, deadlines })))
      const response = await visit('/', { headers: { cookie } })
      assert.equal(response.status, 503, verb)
      assert.equal(response.headers.getSetCookie().length, 0)
      await response.text()
    }
  },

  async 'a visitor who leaves while the store is asked holds up nobody past the deadline'(host) {
    let isFirst = true
    let begun
    const hasBegun = new Promise((resolve) => (begun = resolve))
    const store = storeWith((memory) => ({
      async swap(...args) {
        if (isFirst) {
          isFirst = false
          begun()
          // workerd stops a request whose visitor has left: then this never ends.
          await new Promise((next) => setTimeout(next, 50))
        }
        return memory.swap(...args)
      },
    }))
    const deadlines = { commit: '250ms' }
    const sessions = createSessions({ secret, store, deadlines })
    const visit = await host.serve(counting(sessions))
    const { go } = browserOn(visit, sessions)
    await (await go()).text()
    const leaving = new AbortController()
    const left = go('/', { signal: leaving.signal }).catch(() => {})
    await hasBegun
    leaving.abort()
    await left
    const next = await go()
    assert.ok([200, 409, 503].includes(next.status), `status ${next.status}`)
    await next.text()
    const later = await go()
    assert.equal(later.status, 200)
    assert.ok(Number(await later.text()) >= 2)
  },

  async 'a store that fails once is asked again'() {
    let failures = 0
    const store = storeWith((memory) => ({
      async read(key) {
        if (failures++ === 0) throw new Error('connection reset')
        return memory.read(key)
      },
    }))
    const visitor = testVisitor(createSessions({ secret, store }))
    await visitor.session((one) => one.set('name', 'Ada'))
    assert.equal(await visitor.session((one) => one.get('name')), 'Ada')
    assert.equal(failures, 2)
  },

  async 'the session id is renewed at a login, and the old one signs nobody in'() {
    const sessions = createSessions({ secret, store: memoryStore() })
    const visitor = testVisitor(sessions)
    await visitor.session((one) => one.set('cart', 'tea'))
    const before = visitor.cookie
    await visitor.session((one) => one.login('ada'))
    assert.notEqual(visitor.cookie, before)
    assert.equal((await sessions.open(before)).userId, undefined)
    assert.equal(await visitor.session((one) => one.userId), 'ada')
  },

  async 'the session id is rotated at its interval, with a grace period for requests in flight'() {
    const clock = fakeClock()
    const store = memoryStore({ clock })
    const sessions = createSessions({ secret, store, clock, rotate: '15m', grace: '10s' })
    const visitor = testVisitor(sessions)
    await visitor.session((one) => one.login('ada'))
    const before = visitor.cookie
    clock.advance(16 * 60_000)
    await visitor.session((one) => one.set('seen', true))
    assert.notEqual(visitor.cookie, before)
    assert.equal((await sessions.open(before)).userId, 'ada')
    assert.equal(await visitor.session((one) => one.userId), 'ada')
    clock.advance(60_000)
    await visitor.session((one) => one.set('seen', 2))
    assert.equal((await sessions.open(before)).userId, undefined)
  },

  async "a user's sessions are listed and revoked"() {
    const sessions = createSessions({ secret, store: memoryStore() })
    const [phone, laptop] = [testVisitor(sessions), testVisitor(sessions)]
    for (const visitor of [phone, laptop]) await visitor.session((one) => one.login('ada'))
    const listed = await sessions.list('ada')
    assert.equal(listed.length, 2)
    assert.equal(
      await phone.session((one) => listed.some(({ handle }) => handle === one.handle)),
      true,
    )
    await sessions.revokeUser('ada')
    assert.equal(await phone.session((one) => one.userId), undefined)
    assert.equal(await laptop.session((one) => one.userId), undefined)
  },

  async 'a user has no more sessions than allowed: the oldest ends'() {
    const options = { maxSessionsPerUser: 2, onLimit: 'evict-oldest' }
    const sessions = createSessions({ secret, store: memoryStore(), ...options })
    const visitors = [testVisitor(sessions), testVisitor(sessions), testVisitor(sessions)]
    for (const visitor of visitors) await visitor.session((one) => one.login('ada'))
    const users = []
    for (const visitor of visitors) users.push(await visitor.session((one) => one.userId))
    assert.deepEqual(users, [undefined, 'ada', 'ada'])
  },

  async 'rows are encrypted if the app wishes'() {
    const rows = []
    const store = storeWith((memory) => ({
      insert: (key, row) => (rows.push(row.body), memory.insert(key, row)),
    }))
    const visitor = testVisitor(createSessions({ secret, store, encrypt: true }))
    await visitor.session((one) => one.set('card', 'queen of hearts'))
    assert.equal(rows.length, 1)
    assert.doesNotMatch(rows[0], /queen/)
    assert.equal(await visitor.session((one) => one.get('card')), 'queen of hearts')
  },

  async 'close waits for what is still unconfirmed'() {
    const sessions = createSessions({ secret, store: memoryStore() })
    const visitor = testVisitor(sessions)
    await visitor.session((one) => one.login('ada'))
    await visitor.session((one) => one.logout())
    const { commits, logouts } = await sessions.close()
    assert.deepEqual([commits, logouts], [0, 0])
  },

  async 'the memory store passes the conformance suite'() {
    const failed = []
    const cases = storeConformance({
      open: (clock) => ({ store: memoryStore({ clock }) }),
      advance: (ms, clock) => clock.advance(ms),
    })
    for (const { name, run } of cases) {
      await run().catch((error) => failed.push(`${name}: ${error.message}`))
    }
    assert.deepEqual(failed, [])
    assert.ok(cases.length > 80)
  },
}
