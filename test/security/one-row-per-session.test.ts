import { describe, expect, test } from 'vitest'
import { fakeClock } from '../../src/testing/time/clock.ts'
import { sessionsOn, storeOf } from '../promises/stores.ts'
import { Visitor } from '../session/visitor.ts'

async function site(name: 'memory' | 'SQLite') {
  const clock = fakeClock()
  const { store } = await storeOf(name, clock)
  return {
    ...sessionsOn(store, { clock }),
    clock,
    async rows() {
      const found: string[] = []
      for await (const keys of store.keys()) found.push(...keys)
      return found
    },
  }
}

// As many as a laptop writes to a disk in a moment.
const MANY = { memory: 1000, SQLite: 100 }

describe.each(['memory', 'SQLite'] as const)('on %s', (name) => {
  test('a session whose id was renewed many times is one row, and one id opens it', async () => {
    const { sessions, rows, clock } = await site(name)
    const visitor = new Visitor(sessions)
    await visitor.visit((session) => session.login('ann'))
    const first = visitor.cookie!
    const [row] = await rows()
    for (let n = 0; n < MANY[name]; n += 1) await visitor.visit((session) => session.regenerate())
    expect(await rows()).toEqual([row])
    await visitor.visit()
    clock.advance(60_000)
    expect(await new Visitor(sessions, first).read((session) => session.userId)).toBeUndefined()
    expect(await visitor.read((session) => session.userId)).toBe('ann')
    expect(await sessions.list('ann')).toHaveLength(1)
  })

  test('many logins of the same visitor leave one row, whoever signs in', async () => {
    const { sessions, rows } = await site(name)
    const visitor = new Visitor(sessions)
    for (let n = 0; n < MANY[name] / 10; n += 1) {
      await visitor.visit((session) => session.login(n % 2 ? 'ann' : 'bob'))
    }
    expect(await rows()).toHaveLength(1)
    expect(await sessions.list('ann')).toHaveLength(1)
    expect(await sessions.list('bob')).toEqual([])
  })

  test('all sessions of a user are over once revokeUser has answered', async () => {
    const { sessions, rows } = await site(name)
    const devices = Array.from({ length: MANY[name] }, () => new Visitor(sessions))
    for (const device of devices) await device.visit((session) => session.login('ann'))
    const bob = new Visitor(sessions)
    await bob.visit((session) => session.login('bob'))
    const under = await devices[0]!.sessions.open(devices[0]!.cookie)
    under.set('x', 1)
    expect(await sessions.revokeUser('ann')).toEqual({ ended: MANY[name], marked: true })
    for (const device of devices) {
      expect(await device.read((session) => session.userId)).toBeUndefined()
    }
    await expect(under.commit()).rejects.toMatchObject({ code: 'ERR_SESSION_GONE' })
    expect(await bob.read((session) => session.userId)).toBe('bob')
    expect(await rows()).toHaveLength(1)
  })
})
