/** Visitors of a running Flask move to Sojourn and back, and Flask takes over where it was written along. */

import { afterAll, beforeAll, expect, test } from 'vitest'
import { flask } from '../../src/flask/flask.ts'
import { formerly } from '../../src/formerly/formerly.ts'
import type { SessionOptions } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { Jar, NEW_SECRET, withEvents } from '../session/formerly/jar.ts'
import { startFlask } from './python-flask.ts'

const SECRET = 'formerly-flask-9d2c7b1e4f60a8c3'
const theirs = flask({ SECRET_KEY: SECRET })
const until = new Date(Date.now() + 90 * 86_400_000)
let app: { url: string; stop(): void }

beforeAll(async () => {
  app = await startFlask(SECRET)
})
afterAll(() => app?.stop())

/** A request to Flask with the cookies of the jar. */
async function ask(jar: Jar, path: string, form?: Record<string, string>): Promise<any> {
  const response = await fetch(`${app.url}${path}`, {
    ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    headers: { cookie: jar.header ?? '' },
  })
  jar.take(response.headers.getSetCookie())
  const text = await response.text()
  return /^[[{]/.test(text) ? JSON.parse(text) : text
}

async function signedIn(): Promise<Jar> {
  const jar = new Jar()
  await ask(jar, '/login', { user: 'mona' })
  await ask(jar, '/permanent', {})
  await ask(jar, '/flash', {})
  return jar
}

const ME = {
  user: 'mona',
  permanent: true,
  roles: ['admin', 'staff'],
  since: '2024-02-29T12:34:56+00:00',
  ratio: '1.0',
}
const FLASHES = [
  ['info', 'from Flask'],
  ['html', '<b>bold</b>'],
]

test.for<[string, SessionOptions]>([
  ['an encrypted cookie', { secret: NEW_SECRET, encrypt: true, cookie: { name: 'new' } }],
  ['a store', { secret: NEW_SECRET, store: memoryStore(), cookie: { name: 'new' } }],
])('from Flask to %s, and back with every type', async ([, ours]) => {
  const jar = await signedIn()
  const after = withEvents({ ...ours, formerly: formerly({ sessions: theirs, until }) })
  await jar.visit(after.sessions, (session) => {
    expect(session.userId).toBe('mona')
    expect(session.permanent).toBe(true)
    expect([...session.keys()].toSorted()).toEqual(['ratio', 'roles', 'since'])
    expect(session.get('since')).toEqual(new Date('2024-02-29T12:34:56Z'))
  })
  expect([...jar.cookies.keys()]).toEqual(['new'])
  expect(after.events).toMatchObject([{ type: 'moved', from: 'flask session' }])
  expect((await ask(jar, '/me')).user).toBeNull()

  // Sojourn with Flask's cookie takes them back; then Flask alone reads it.
  const back = withEvents({ ...theirs, formerly: formerly({ sessions: ours, until }) })
  await jar.visit(back.sessions)
  expect([...jar.cookies.keys()]).toEqual(['session'])
  expect(await ask(jar, '/me')).toEqual(ME)
  expect(await ask(jar, '/flashes')).toEqual(FLASHES)
})

test('Flask alone takes over from sessions that were written along', async () => {
  const ours = { secret: NEW_SECRET, store: memoryStore(), cookie: { name: 'new' } }
  const dual = formerly({ sessions: theirs, until, dualWrite: true })
  const after = withEvents({ ...ours, formerly: dual })
  const jar = await signedIn()
  await jar.visit(after.sessions, (session) => session.set('cart', ['one']))
  expect(await ask(jar.copy(), '/me')).toEqual(ME)
  expect(await ask(jar.copy(), '/flashes')).toEqual(FLASHES)
  await jar.visit(after.sessions, (session) => session.login('lisa'))
  expect(await ask(jar.copy(), '/me')).toMatchObject({ user: 'lisa', roles: false })
  await jar.visit(after.sessions, (session) => session.logout())
  expect(await ask(jar.copy(), '/me')).toMatchObject({ user: null })
  const fresh = new Jar()
  await fresh.visit(after.sessions, (session) => session.login('nina'))
  expect(await ask(fresh, '/me')).toMatchObject({ user: 'nina' })
})
