/** A request finds its session by the objects that carry it, whatever these are and however many. */

import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { expect, it, vi } from 'vitest'
import { testSessions } from './visitor.ts'

const FACTS = { cookie: undefined, header: () => undefined }

/** Mounts a request and sets a value in its session. */
async function mounted(carriers: object[], value: string, sessions = testSessions().sessions) {
  sessions.mount(carriers, FACTS)
  ;(await sessions.get(carriers[0]!)).set('value', value)
  return sessions
}

it('two createSessions on one request keep their sessions apart', async () => {
  const request = new Request('http://localhost/')
  const first = await mounted([request], 'first')
  const second = await mounted([request], 'second')
  const third = await mounted([request], 'third')
  const values = [first, second, third].map(async (sessions) => {
    return (await sessions.get(request)).get('value')
  })
  expect(await Promise.all(values)).toEqual(['first', 'second', 'third'])
})

it('a request whose field another createSessions has is not taken for mounted', async () => {
  const request = {}
  await mounted([request], 'other')
  const { sessions } = testSessions()
  await expect(sessions.get(request)).rejects.toMatchObject({ code: 'ERR_SESSION_NOT_MOUNTED' })
  expect(sessions.mount([request], FACTS)).toBeDefined()
})

it.each<[string, object]>([
  ['a frozen object', Object.freeze({})],
  ['an object that takes no more properties', Object.preventExtensions({ own: 1 })],
  ['a function', () => {}],
  ['a proxy', new Proxy({}, {})],
  ['a proxy that refuses every property', new Proxy({}, { defineProperty: () => false })],
])('%s can carry a session', async (_name, carrier) => {
  const sessions = await mounted([carrier], 'kept')
  expect((await sessions.get(carrier)).get('value')).toBe('kept')
  expect(sessions.mount([carrier], FACTS)).toBeUndefined()
})

it('a carrier that is frozen later keeps its session', async () => {
  const carrier = {}
  const sessions = await mounted([carrier], 'kept')
  Object.freeze(carrier)
  expect((await sessions.get(carrier)).get('value')).toBe('kept')
})

it.each([
  ['production', []],
  // It warns: see misuse.test.ts.
  ['development', ['session']],
])('a carrier looks as it did before, in %s but for %j', async (environment, added) => {
  vi.stubEnv('NODE_ENV', environment)
  const carrier = new IncomingMessage(new Socket())
  const before = Reflect.ownKeys(carrier)
  await mounted([carrier], 'kept')
  vi.unstubAllEnvs()
  const more = Reflect.ownKeys(carrier).filter((key) => !before.includes(key))
  expect(more).toEqual(added)
  expect(Object.keys(carrier)).not.toContain('session')
})

it('an object made from a carrier is another object', async () => {
  const carrier = {}
  const sessions = await mounted([carrier], 'kept')
  const made = Object.create(carrier) as object
  await expect(sessions.get(made)).rejects.toMatchObject({ code: 'ERR_SESSION_NOT_MOUNTED' })
})

it('what is found by its req is found as mounted too', async () => {
  const request = {}
  const sessions = await mounted([request], 'kept')
  const response = { req: request }
  expect((await sessions.get(response)).get('value')).toBe('kept')
  expect(sessions.mount([response], FACTS)).toBeUndefined()
})

it.each<[string, unknown, RegExp]>([
  ['nothing', undefined, /no session/],
  ['a key', 'value', /no session/],
  ['an object nobody mounted', {}, /no session/],
  ['an object whose req cannot be read', Object.defineProperty({}, 'req', { get: mine }), /mine/],
])(
  'get answers %s with a promise that rejects, and does not throw',
  async (_name, carrier, why) => {
    const { sessions } = testSessions()
    const answer = sessions.get(carrier as object)
    expect(answer).toBeInstanceOf(Promise)
    await expect(answer).rejects.toThrow(why)
  },
)

function mine(): never {
  throw new RangeError('mine')
}
