/** A test's visitor: its session changes outside a request, its cookies come from responses. */

import { expect, it } from 'vitest'
import { withSessions } from '../../src/adapters/fetch.ts'
import { createSessions } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { testVisitor } from '../../src/testing/testing.ts'

const SECRET = 'b1946ac92492d2347c6235b4d2611184-visitor'

const withCookie = () => createSessions<{ cart: string[] }>({ secret: SECRET })
const withStore = () => createSessions<{ cart: string[] }>({ secret: SECRET, store: memoryStore() })

it.each([
  ['in a cookie', withCookie],
  ['in a store', withStore],
])('signs a visitor in before a page is asked for, with the session %s', async (_where, make) => {
  const sessions = make()
  const page = withSessions(sessions, async (request) => {
    const session = await sessions.signedIn(request)
    session.update('cart', (cart = []) => [...cart, 'tea'])
    return new Response(session.userId)
  })
  const visitor = testVisitor(sessions)
  expect(visitor.cookie).toBe('')
  await visitor.session((session) => session.login('ada'))
  const ask = () => page(new Request('http://localhost/', { headers: { cookie: visitor.cookie } }))
  expect(await visitor.receive(await ask()).text()).toBe('ada')
  expect(await visitor.session((session) => session.get('cart'))).toEqual(['tea'])
})

it('forgets a cookie that was cleared', async () => {
  const visitor = testVisitor(withStore())
  await visitor.session((session) => session.login('ada'))
  expect(visitor.cookie).not.toBe('')
  await visitor.session((session) => session.logout())
  expect(visitor.cookie).toBe('')
})

it('keeps nothing of work that throws', async () => {
  const visitor = testVisitor(withStore())
  const work = visitor.session((session) => {
    session.set('cart', ['tea'])
    throw new Error('the test failed')
  })
  await expect(work).rejects.toThrow('the test failed')
  expect(visitor.cookie).toBe('')
})
