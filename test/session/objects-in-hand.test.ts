/** Objects in the app's hands: what becomes of them is kept, and nobody else's request sees it. */

import { describe, expect, test } from 'vitest'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { T0, testSessions, Visitor } from './visitor.ts'

const kinds = [
  ['in a cookie', () => ({})],
  ['in a store', () => ({ store: memoryStore({ clock: () => T0 }) })],
] as const

const unsupported = expect.objectContaining({
  code: 'ERR_VALUE_UNSUPPORTED',
  message: expect.stringContaining('"cart"'),
})

describe.each(kinds)('an object that was set, %s', (_, options) => {
  const visitor = () => new Visitor(testSessions(options()).sessions)

  test('is kept as it is when the request ends', async () => {
    const one = visitor()
    await one.visit((session) => {
      const cart = { items: ['tea'] }
      session.set('cart', cart)
      cart.items.push('lamp')
      expect(session.get('cart')).toBe(cart)
    })
    expect(await one.read((session) => session.get('cart'))).toEqual({ items: ['tea', 'lamp'] })
  })

  test('is refused at once if it cannot be kept, and nothing has changed', async () => {
    const one = visitor()
    await one.visit((session) => {
      session.set('cart', ['tea'])
      expect(() => session.set('cart', { items: new Map() })).toThrow(unsupported)
      expect(session.get('cart')).toEqual(['tea'])
    })
    expect(await one.read((session) => session.get('cart'))).toEqual(['tea'])
  })

  test('fails the commit if it has come to hold what cannot be kept', async () => {
    const session = await visitor().sessions.open(undefined)
    const cart: unknown[] = ['tea']
    session.set('cart', cart)
    cart.push(() => 'no data')
    await expect(session.commit()).rejects.toEqual(unsupported)
    cart.pop()
    expect((await session.commit()).getSetCookie()).toHaveLength(1)
  })

  test.each([
    ['replaced', (session: any) => session.set('cart', 'none')],
    ['deleted', (session: any) => session.delete('cart')],
    ['cleared away', (session: any) => session.clear()],
  ])('and %s since harms nothing, whatever it holds by now', async (_what, act) => {
    const one = visitor()
    await one.visit((session) => session.set('before', 1))
    await one.visit((session) => {
      session.delete('before')
      const cart: unknown[] = ['tea']
      session.set('cart', cart)
      act(session)
      cart.push(() => 'no data')
      session.set('other', 1)
    })
    const read = await one.read((session) => Object.fromEntries(session))
    expect(read).toEqual(
      act.toString().includes('none') ? { cart: 'none', other: 1 } : { other: 1 },
    )
  })

  test('is seen by an update as it is by then', async () => {
    const one = visitor()
    await one.visit((session) => {
      const cart = ['tea']
      session.set('cart', cart)
      cart.push('lamp')
      session.update('cart', (items: string[]) => [...items, 'cup'])
    })
    expect(await one.read((session) => session.get('cart'))).toEqual(['tea', 'lamp', 'cup'])
  })

  test('stops a login as somebody else before it has begun, if it cannot be kept any more', async () => {
    const one = visitor()
    await one.visit((session) => session.login('a'))
    const session = await one.sessions.open(one.cookie)
    const cart: unknown[] = ['tea']
    session.set('cart', cart)
    cart.push(() => 'no data')
    expect(() => session.login('b')).toThrow(unsupported)
    expect(session.userId).toBe('a')
    cart.pop()
    const [line] = (await session.commit()).getSetCookie()
    if (line !== undefined) one.cookie = line.split(';')[0]
    expect(await one.read((read) => [read.userId, read.get('cart')])).toEqual(['a', ['tea']])
  })

  test('is still watched after a commit of its own', async () => {
    const one = visitor()
    const session = await one.sessions.open(undefined)
    const cart = ['tea']
    session.set('cart', cart)
    const [first] = (await session.commit()).getSetCookie()
    one.cookie = first!.split(';')[0]
    cart.push('lamp')
    const [second] = (await session.commit()).getSetCookie()
    if (second !== undefined) one.cookie = second.split(';')[0]
    expect(await one.read((read) => read.get('cart'))).toEqual(['tea', 'lamp'])
  })

  test('that was got and changed in place is kept, and a value is not looked at otherwise', async () => {
    const one = visitor()
    await one.visit((session) => session.set('cart', { items: ['tea'] }))
    const { setCookie } = await one.visit((session) => void session.size)
    expect(setCookie).toBeUndefined()
    await one.visit((session) => session.get('cart').items.push('lamp'))
    expect(await one.read((session) => session.get('cart'))).toEqual({ items: ['tea', 'lamp'] })
  })
})

describe.each(kinds)('two requests of one session, %s', (_, options) => {
  test('hold objects of their own', async () => {
    const one = new Visitor(testSessions(options()).sessions)
    await one.visit((session) => session.set('cart', { items: ['tea'] }))
    const [first, second] = await Promise.all([
      one.sessions.open(one.cookie),
      one.sessions.open(one.cookie),
    ])
    first.get('cart').items.push('mine')
    expect(second.get('cart')).toEqual({ items: ['tea'] })
    second.get('cart').items.push('theirs')
    await first.commit()
    expect(first.get('cart')).toEqual({ items: ['tea', 'mine'] })
    expect(second.get('cart')).toEqual({ items: ['tea', 'theirs'] })
  })

  test('of new visitors share nothing either', async () => {
    const { sessions } = testSessions(options())
    const [first, second] = await Promise.all([sessions.open(undefined), sessions.open(undefined)])
    first.set('cart', ['mine'])
    expect(second.has('cart')).toBe(false)
    expect(second.size).toBe(0)
  })
})
