import { describe, expect, test } from 'vitest'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { sessionsOn } from '../promises/stores.ts'
import { testSessions, Visitor } from '../session/visitor.ts'
import { TELLING_NAMES } from './telling-names.ts'

const before = Object.getOwnPropertyNames(Object.prototype)

describe.each(TELLING_NAMES)('%s', (name) => {
  test('is a cookie name like any other, and other cookies of that name are nothing to us', async () => {
    const { sessions } = testSessions({ cookie: { name } })
    const visitor = new Visitor(sessions)
    await visitor.visit((session) => session.set('x', 1))
    expect(visitor.cookie).toMatch(new RegExp(`^${name}=`))
    expect(await visitor.read((session) => session.get('x'))).toBe(1)
    const { sessions: ours } = testSessions()
    const session = await ours.open(`${name}=x; ${name}[x]=y; session.${name}=z`)
    expect([session.isNew, session.size]).toEqual([true, 0])
  })

  test('is a user like any other, with sessions of their own', async () => {
    const { sessions } = sessionsOn(memoryStore())
    expect(await sessions.list(name)).toEqual([])
    const [user, ann] = [new Visitor(sessions), new Visitor(sessions)]
    await ann.visit((session) => session.login('ann'))
    await user.visit((session) => session.login(name))
    expect(await user.read((session) => session.userId)).toBe(name)
    expect(await sessions.list(name)).toHaveLength(1)
    expect(await sessions.revoke(name, name)).toBe(false)
    expect(await sessions.revokeUser(name)).toEqual({ ended: 1, marked: true })
    expect(await ann.read((session) => session.userId)).toBe('ann')
  })

  test('is a category of messages and a key like any other, and nothing waits on it', async () => {
    const { sessions } = testSessions()
    const visitor = new Visitor(sessions)
    await visitor.visit((session) => {
      session.flash('hello', name)
      session.set(name, { [name]: 1 })
    })
    // An object with a method `then` would be called by whoever awaits it.
    const session = await sessions.open(visitor.cookie)
    expect(session.get(name)).toEqual({ [name]: 1 })
    expect(session.flashes()).toEqual([{ category: name, message: 'hello' }])
    expect(await Promise.resolve(session)).toBe(session)
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before)
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined()
  })
})
