/** Objects read from a session are plain objects, whatever their members are called. */

import { describe, expect, test } from 'vitest'
import { flask, flaskCookie } from '../../../src/flask/flask.ts'
import { createSessions, type SessionOptions } from '../../../src/index.ts'
import { memoryStore } from '../../../src/stores/memory/memory.ts'
import { forge, SECRET, Visitor } from '../../session/visitor.ts'

const KINDS: readonly [string, () => SessionOptions][] = [
  ['a signed cookie', () => ({ secret: SECRET })],
  ['an encrypted cookie', () => ({ secret: SECRET, encrypt: true })],
  ["Flask's cookie", () => flask({ SECRET_KEY: SECRET })],
  ['a store', () => ({ secret: SECRET, store: memoryStore() })],
]

/** Each leads through another reader: plain JSON, escapes, floats, tags, an escaped tag. */
const VALUES: readonly [string, string][] = [
  ['plain', '{"tea":2,"inner":{"cup":1}}'],
  ['escaped', '{"te\\u0061":2,"inner":{"c\\"p":1}}'],
  ['with a float and a big integer', '{"tea":1.0,"inner":{"cup":18446744073709551616}}'],
  ['with a tag', '{"tea":{" b":"AQ=="},"inner":{"cup":{" t":[{"in":"a tuple"}]}}}'],
  ['an escaped tag', '{" di":{" t__":{"cup":1}}}'],
  ['with __proto__', '{"__proto__":{"polluted":1},"inner":{"__proto__":null}}'],
  [
    'with names of Object.prototype',
    '{"constructor":1,"toString":{"valueOf":2},"hasOwnProperty":0}',
  ],
  ['empty', '{}'],
]

/** Every object inside a value, itself included. */
function objectsIn(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap(objectsIn)
  if (value instanceof Uint8Array) return []
  return [value, ...Object.values(value).flatMap(objectsIn)]
}

function expectPlain(value: unknown): void {
  const objects = objectsIn(value)
  expect(objects.length).toBeGreaterThan(0)
  for (const object of objects) {
    expect(Object.getPrototypeOf(object)).toBe(Object.prototype)
    for (const name of Object.keys(object)) expect(Object.hasOwn(object, name)).toBe(true)
    if (!Object.hasOwn(object, 'polluted')) expect('polluted' in object).toBe(false)
  }
}

describe.each(KINDS)('an object read from %s', (_, options) => {
  test('has the methods of every object in the request after, as in the one that set it', async () => {
    const visitor = new Visitor(createSessions<any>(options()))
    await visitor.visit((session) => {
      session.set('cart', { tea: 2 })
      expect(session.get('cart').hasOwnProperty('tea')).toBe(true)
    })
    await visitor.visit((session) => {
      expect(session.get('cart').hasOwnProperty('tea')).toBe(true)
      expect(`${session.get('cart')}`).toBe('[object Object]')
      session.update('cart', (cart) => {
        expect(cart.hasOwnProperty('tea')).toBe(true)
        return cart
      })
      expect(session.pop('cart').hasOwnProperty('tea')).toBe(true)
    })
  })

  test.each(VALUES)('is plain at every depth, %s', async (_what, text) => {
    const visitor = new Visitor(createSessions<any>(options()))
    await visitor.visit((session) =>
      session.set('x', JSON.parse(text)).set('list', [JSON.parse(text)]),
    )
    await visitor.visit((session) => {
      expectPlain(session.get('x'))
      expectPlain(session.get('list'))
      session.update('x', (x) => (expectPlain(x), x))
    })
    expect(Object.keys(Object.prototype)).toEqual([])
  })
})

test.each(VALUES)('an object that another writer spelled is plain, %s', async (_, text) => {
  const own = createSessions<any>({ secret: SECRET, clock: () => 1_700_000_000_000 })
  const session = await own.open(forge(`["",{"x":${text}}]`))
  if (session.size > 0) expectPlain(session.get('x'))
  const cookie = flaskCookie({ secret: SECRET })
  const asFlask = cookie.seal({ x: JSON.parse(text) })
  const opened = cookie.open(asFlask)
  expect(opened.ok).toBe(true)
  if (opened.ok) expectPlain(opened.data)
  const read = await createSessions<any>(flask({ SECRET_KEY: SECRET })).open(`session=${asFlask}`)
  expectPlain(read.get('x'))
})
