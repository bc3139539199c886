/** Cookies: signed, encrypted, and Flask's own. */

import assert from 'node:assert/strict'
import { createSessions } from 'sojourn'
import { flask, flaskCookie, tuple } from 'sojourn/flask'
import { testVisitor } from 'sojourn/testing'
import { cookieFrom, secret } from './site.mjs'

const newSecret = 'k8Qw!zR3$vN6^yB9&mC2*xF5(hJ7)dL0'

// What Flask 3.1 and 2.2 write for {'user': 'ada', 'roles': ('admin', 'staff'), 'visits': 3} and
// session.permanent = True.
const FLASK = {
  secret: '0f4d2b6c8a1e3957bd60c2f4a8e1937502c4b6d8',
  now: 1_700_000_000,
  cookie:
    'eyJfcGVybWFuZW50Ijp0cnVlLCJyb2xlcyI6eyIgdCI6WyJhZG1pbiIsInN0YWZmIl19LCJ1c2VyIjoiYWRhIiwidmlzaXRzIjozfQ.ZVPxAA.GdS3ZPiyEXxxKCFTKDHTneGskbY',
}

/** Saves a session with these options, and returns the value of its cookie. */
async function savedCookie(options) {
  const opened = await createSessions(options).open(null)
  opened.set('card', 'queen of hearts')
  return cookieFrom({ headers: await opened.commit() })
}

export const cookies = {
  async 'a signed cookie that was changed is refused, and an event tells why'() {
    const events = []
    const sessions = createSessions({ secret, onEvent: (event) => events.push(event) })
    const cookie = await savedCookie({ secret })
    assert.equal((await sessions.open(cookie)).get('card'), 'queen of hearts')
    const changed = cookie.slice(0, -3) + (cookie.at(-3) === 'A' ? 'B' : 'A') + cookie.slice(-2)
    assert.equal((await sessions.open(changed)).get('card'), undefined)
    assert.deepEqual(
      events.map(({ type, reason }) => [type, reason]),
      [['rejected', 'signature']],
    )
  },

  async 'an encrypted cookie does not show its values, and is read with the secret only'() {
    const cookie = await savedCookie({ secret, encrypt: true })
    const bytes = Buffer.from(
      cookie.slice(cookie.indexOf('=') + 1).replace(/^.*\./, ''),
      'base64url',
    )
    assert.equal(bytes.includes('queen'), false)
    const opened = await createSessions({ secret, encrypt: true }).open(cookie)
    assert.equal(opened.get('card'), 'queen of hearts')
    const other = await createSessions({ secret: newSecret, encrypt: true }).open(cookie)
    assert.equal(other.get('card'), undefined)
  },

  async 'signed cookies become encrypted ones while they migrate'() {
    const encrypt = { migrateUntil: new Date(Date.now() + 86_400_000).toISOString() }
    const visitor = testVisitor(createSessions({ secret, encrypt }))
    visitor.receive({ headers: new Headers({ 'set-cookie': await savedCookie({ secret }) }) })
    await visitor.session((one) => one.set('seen', true))
    const later = await createSessions({ secret, encrypt: true }).open(visitor.cookie)
    assert.equal(later.get('card'), 'queen of hearts')
  },

  async 'a cookie of the previous secret is valid, and is re-signed under the current one'() {
    const visitor = testVisitor(createSessions({ secret: [newSecret, secret] }))
    visitor.receive({ headers: new Headers({ 'set-cookie': await savedCookie({ secret }) }) })
    await visitor.session((one) => one.set('seen', true))
    const later = await createSessions({ secret: newSecret }).open(visitor.cookie)
    assert.equal(later.get('card'), 'queen of hearts')
  },

  async 'a cookie that Flask wrote is valid, and the same one is written'() {
    const cookie = flaskCookie({ secret: FLASK.secret })
    const opened = cookie.open(FLASK.cookie, { now: FLASK.now })
    assert.equal(opened.ok, true)
    assert.equal(opened.data.user, 'ada')
    assert.deepEqual([...opened.data.roles], ['admin', 'staff'])
    const data = { user: 'ada', roles: tuple('admin', 'staff'), visits: 3, _permanent: true }
    assert.equal(cookie.seal(data, { now: FLASK.now }), FLASK.cookie)
  },

  async 'a large Flask cookie is compressed, and read again'() {
    const cookie = flaskCookie({ secret: FLASK.secret })
    const value = cookie.seal({ text: 'again and '.repeat(200) }, { now: FLASK.now })
    assert.match(value, /^\./)
    assert.ok(value.length < 200)
    const opened = cookie.open(value, { now: FLASK.now })
    assert.equal(opened.data.text, 'again and '.repeat(200))
  },

  async 'the Flask preset opens it as a session'() {
    const config = flask({ SECRET_KEY: FLASK.secret })
    const sessions = createSessions({ ...config, clock: () => FLASK.now * 1000 })
    const opened = await sessions.open(`session=${FLASK.cookie}`)
    assert.equal(opened.get('visits'), 3)
    assert.equal(opened.permanent, true)
  },
}
