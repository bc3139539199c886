import { describe, expect, test } from 'vitest'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { T0, testSessions, Visitor } from '../session/visitor.ts'

/** Requests of one session that are under way at once, in one process. */
async function requestsAtOnce(count: number) {
  const { sessions, events } = testSessions({ store: memoryStore({ clock: () => T0 }) })
  const visitor = new Visitor(sessions)
  await visitor.visit((session) => {
    session.set('cart', { items: ['book'] })
    session.flash('Welcome.')
  })
  const requests = await Promise.all(
    Array.from({ length: count }, () => sessions.open(visitor.cookie)),
  )
  const commitAll = () => Promise.all(requests.map((session) => session.commit()))
  return { visitor, requests, commitAll, events }
}

describe.each([2, 3, 5])(
  'of %i requests of one session whose changes go into one swap',
  (count) => {
    const numbers = Array.from({ length: count }, (_, at) => at)
    const pairs = numbers.flatMap((one) =>
      numbers.flatMap((other) => (one === other ? [] : [[one, other] as const])),
    )

    test.each(pairs)(
      'what request %i changes in place and never commits, request %i neither sees nor saves',
      async (one, other) => {
        const { visitor, requests, commitAll } = await requestsAtOnce(count)
        requests.forEach((session, at) => session.set(`from ${at}`, at))
        await commitAll()
        requests[one]!.get('cart').items.push('never committed')
        expect(requests[other]!.get('cart')).toEqual({ items: ['book'] })
        requests[other]!.set('more', true)
        await requests[other]!.commit()
        expect(await visitor.read((session) => session.get('cart'))).toEqual({ items: ['book'] })
      },
    )

    test.each(pairs)(
      'the next commits of %i and then %i share no value either',
      async (one, other) => {
        const { visitor, requests, commitAll } = await requestsAtOnce(count)
        requests.forEach((session, at) => session.set(`from ${at}`, at))
        await commitAll()
        for (const at of [one, other]) {
          requests[at]!.set('again', at)
          await requests[at]!.commit()
          requests[at]!.get('cart').items.push('never committed')
        }
        for (const at of numbers) {
          if (at === one || at === other) continue
          expect(requests[at]!.get('cart')).toEqual({ items: ['book'] })
        }
        expect(requests[other]!.get('cart').items).toHaveLength(2)
        expect(await visitor.read((session) => session.get('cart'))).toEqual({ items: ['book'] })
      },
    )

    test('one that had nothing to write shares no value with the others', async () => {
      const { visitor, requests, commitAll } = await requestsAtOnce(count)
      requests.forEach((session, at) => {
        if (at === 0) session.set('from the first', at)
        else session.regenerate()
      })
      await commitAll()
      requests[0]!.get('cart').items.push('never committed')
      for (const session of requests.slice(1)) {
        expect(session.get('cart')).toEqual({ items: ['book'] })
        session.set('more', true)
        await session.commit()
      }
      expect(await visitor.read((session) => session.get('cart'))).toEqual({ items: ['book'] })
    })

    test('each that signs in the same user takes a cart of its own along', async () => {
      const { requests, commitAll } = await requestsAtOnce(count)
      for (const session of requests) session.login('ann')
      await commitAll()
      requests[0]!.get('cart').items.push('never committed')
      for (const session of requests.slice(1)) {
        expect(session.get('cart')).toEqual({ items: ['book'] })
        session.set('more', true)
        await session.commit()
        await session.reload()
        expect(session.get('cart')).toEqual({ items: ['book'] })
      }
    })

    test('each keeps the objects it was handed, before and after', async () => {
      const { visitor, requests, commitAll } = await requestsAtOnce(count)
      const carts = requests.map((session) => session.get('cart'))
      requests.forEach((session, at) => session.set(`from ${at}`, at))
      await commitAll()
      requests.forEach((session, at) => expect(session.get('cart')).toBe(carts[at]))
      carts.at(-1).items.push('pen')
      await requests.at(-1)!.commit()
      expect(await visitor.read((session) => session.get('cart'))).toEqual({
        items: ['book', 'pen'],
      })
    })
  },
)

test('what an updater made is shared with no other request of its swap', async () => {
  const { visitor, requests, commitAll } = await requestsAtOnce(3)
  for (const session of requests) {
    session.update('seen', (seen: string[] = []) => [...seen, 'page'])
  }
  await commitAll()
  requests[0]!.get('seen').push('never committed')
  requests[1]!.get('seen').push('never committed')
  expect(requests[2]!.get('seen')).toEqual(['page', 'page', 'page'])
  requests[2]!.set('more', true)
  await requests[2]!.commit()
  expect(await visitor.read((session) => session.get('seen'))).toEqual(['page', 'page', 'page'])
})

test.each(['that begins the session', 'of a session that is there', 'after a logout'])(
  'what is written while a commit %s is under way is done once, by the next one',
  async (which) => {
    const { sessions } = testSessions({ store: memoryStore({ clock: () => T0 }) })
    const visitor = new Visitor(sessions)
    if (which !== 'that begins the session') await visitor.visit((session) => session.set('a', 1))
    await visitor.visit(async (session) => {
      if (which === 'after a logout') session.logout()
      session.update('count', (count = 0) => count + 1)
      const committing = session.commit()
      session.update('count', (count = 0) => count + 1)
      await committing
      expect(session.get('count')).toBe(2)
    })
    expect(await visitor.read((session) => session.get('count'))).toBe(2)
  },
)
