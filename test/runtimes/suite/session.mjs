/** What a session does by itself, opened from a header and committed into headers. */

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { aal2, createSessions, REMOVE, safeNext, SessionError } from 'sojourn'
import { fakeClock, testVisitor } from 'sojourn/testing'
import { cookieFrom, secret } from './site.mjs'

export const session = {
  async 'a session is opened from a header and committed into headers'() {
    const sessions = createSessions({ secret })
    const opened = await sessions.open(undefined)
    opened.set('name', 'Ada')
    opened.flash('Welcome')
    const headers = await opened.commit()
    const again = await sessions.open(cookieFrom({ headers }))
    assert.equal(again.get('name'), 'Ada')
    assert.deepEqual(again.flashes(), [{ category: 'message', message: 'Welcome' }])
  },

  async 'values of every type are read as they were saved'() {
    const data = {
      text: 'Zoë \u{1f980} \u0000 "',
      number: 0.1,
      nothing: null,
      when: new Date(1_700_000_000_123),
      bytes: new Uint8Array([0, 1, 254, 255]),
      big: 2n ** 70n,
      nested: { list: [1, [2, { three: true }]], '': 'empty' },
    }
    const visitor = testVisitor(createSessions({ secret }))
    await visitor.session((written) => {
      for (const [key, value] of Object.entries(data)) written.set(key, value)
    })
    await visitor.session((read) => {
      assert.deepEqual(read.get('bytes') && [...read.get('bytes')], [...data.bytes])
      for (const key of Object.keys(data).filter((key) => key !== 'bytes')) {
        assert.deepEqual(read.get(key), data[key])
      }
    })
  },

  async 'keys are updated, taken out, deleted and cleared'() {
    const visitor = testVisitor(createSessions({ secret }))
    await visitor.session((one) => {
      one.set('a', 1).set('b', 2).set('c', 3)
      assert.deepEqual(one.getOrInsert('list', []), [])
      one.get('list').push('changed in place')
    })
    await visitor.session((one) => {
      assert.deepEqual(one.get('list'), ['changed in place'])
      assert.equal(one.pop('a'), 1)
      assert.equal(one.delete('b'), true)
      assert.equal(
        one.update('c', (n) => n + 1),
        4,
      )
      one.update('list', () => REMOVE)
    })
    await visitor.session((one) => {
      assert.deepEqual([...one.keys()], ['c'])
      one.clear()
    })
    assert.equal(visitor.cookie, '')
  },

  async 'flash messages are shown once, by category'() {
    const visitor = testVisitor(createSessions({ secret }))
    await visitor.session((one) => {
      one.flash('Saved', 'success')
      one.flash('Check your mail')
    })
    await visitor.session((one) => {
      assert.deepEqual(one.flashes({ categories: ['success'] }), [
        { category: 'success', message: 'Saved' },
      ])
    })
    const later = await visitor.session((one) => one.flashes())
    assert.deepEqual(later, [{ category: 'message', message: 'Check your mail' }])
    assert.deepEqual(await visitor.session((one) => one.flashes()), [])
  },

  async 'login signs in, logout ends it, and the CSRF token changes with the login'() {
    const visitor = testVisitor(createSessions({ secret }))
    const before = await visitor.session((one) => {
      one.set('cart', ['tea'])
      return one.csrfToken()
    })
    await visitor.session((one) => one.login('ada'))
    await visitor.session((one) => {
      assert.equal(one.userId, 'ada')
      assert.deepEqual(one.get('cart'), ['tea'])
      assert.notEqual(one.csrfToken(), before)
      one.logout({ keep: ['cart'] })
    })
    await visitor.session((one) => {
      assert.equal(one.userId, undefined)
      assert.deepEqual(one.get('cart'), ['tea'])
    })
  },

  async 'a secret everybody knows is refused at start-up'() {
    assert.throws(
      () => createSessions({ secret: 'your_secret_key' }),
      (error) => error instanceof SessionError && error.code === 'ERR_SECRET_WEAK',
    )
  },

  async 'misuse throws coded errors'() {
    const opened = await createSessions({ secret }).open(null)
    assert.throws(() => opened.set('f', () => {}), { code: 'ERR_VALUE_UNSUPPORTED' })
    assert.throws(() => opened.login(''), { code: 'ERR_USER_ID_INVALID' })
    assert.throws(() => createSessions({ secret, maxAge: 5 }), { code: 'ERR_OPTION_INVALID' })
  },

  async 'a session that is too large is refused with its largest keys'() {
    const opened = await createSessions({ secret }).open(null)
    opened.set('huge', Array.from({ length: 5000 }, (_, n) => n * 7919).join(' '))
    await assert.rejects(async () => opened.commit(), {
      code: 'ERR_COOKIE_TOO_LARGE',
      message: /huge/,
    })
  },

  async 'a session that nobody uses for its idle timeout has expired, and visits extend it'() {
    const clock = fakeClock()
    const visitor = testVisitor(createSessions({ secret, clock, lifetime: { idle: '1h' } }))
    await visitor.session((one) => one.set('name', 'Ada'))
    for (let visits = 0; visits < 3; visits += 1) {
      clock.advance(50 * 60_000)
      assert.equal(await visitor.session((one) => one.get('name')), 'Ada')
    }
    clock.advance(61 * 60_000)
    assert.equal(await visitor.session((one) => one.get('name')), undefined)
  },

  async 'a session ends at its absolute timeout, however busy it is'() {
    const clock = fakeClock()
    const lifetime = { idle: '1h', absolute: '2h' }
    const visitor = testVisitor(createSessions({ secret, clock, lifetime }))
    await visitor.session((one) => one.login('ada'))
    for (let visits = 0; visits < 3; visits += 1) {
      clock.advance(39 * 60_000)
      assert.equal(await visitor.session((one) => one.userId), 'ada')
    }
    clock.advance(5 * 60_000)
    assert.equal(await visitor.session((one) => one.userId), undefined)
  },

  async 'the lifetime presets and the redirect check are there'() {
    createSessions({ secret, lifetime: aal2 })
    assert.equal(safeNext('/account?tab=1'), '/account?tab=1')
    assert.equal(safeNext('//evil.example', '/'), '/')
  },

  async 'the package can be required, too'(host) {
    if (host.isBundled) return
    const required = createRequire(import.meta.url)('sojourn')
    assert.equal(required.createSessions, createSessions)
  },
}
