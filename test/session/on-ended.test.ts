import { afterEach, describe, expect, it, vi } from 'vitest'
import { createSessions } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { redisStore } from '../../src/stores/redis/redis.ts'

const secret = 'listeners-of-a-test-5d0e93b7c1a6482f'

async function signedIn(store = memoryStore()) {
  const sessions = createSessions({ secret, store })
  const session = await sessions.open(null)
  session.login('ada')
  const cookie = (await session.commit()).getSetCookie()[0]!
  return { sessions, session, cookie, handle: session.handle! }
}

afterEach(() => void vi.restoreAllMocks())

describe('onEnded', () => {
  it('tells every listener, although one of them throws, or rejects', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {})
    const { sessions, handle } = await signedIn()
    const told: string[] = []
    sessions.onEnded(handle, () => {
      throw new Error('broken')
    })
    sessions.onEnded(handle, async () => {
      throw new Error('broken, too')
    })
    sessions.onEnded(handle, (why) => told.push(why))
    expect(await sessions.revokeUser('ada')).toEqual({ ended: 1, marked: true })
    expect(told).toEqual(['revoked'])
    await vi.waitFor(() => expect(printed).toHaveBeenCalledTimes(1))
    expect(printed.mock.calls[0]![0]).toMatch(/A listener of sessions\.onEnded\(\) failed/)
  })

  it('of another createSessions on the same store of this process is told, too', async () => {
    const store = memoryStore()
    const [one, other] = [await signedIn(store), await signedIn(store)]
    const told: string[] = []
    other.sessions.onEnded(one.handle, (why) => told.push(why))
    await vi.waitFor(() => expect(told).toEqual([]))
    one.session.logout()
    await one.session.commit()
    await vi.waitFor(() => expect(told).toEqual(['gone']))
  })

  it('does nothing for a visitor without a session, and refuses what is no handle', async () => {
    const { sessions, cookie } = await signedIn()
    const nobody = await sessions.open(null)
    expect(sessions.onEnded(nobody.handle, () => {})).not.toThrow()
    for (const wrong of [cookie, null, 5, {}, '']) {
      expect(() => sessions.onEnded(wrong as string, () => {})).toThrow(/session\.handle/)
    }
    expect(() => sessions.onEnded(undefined, 'close' as never)).toThrow(/"listener"/)
  })

  it('warns in development of listeners that are never stopped, and not of those that are', async () => {
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const { sessions, handle } = await signedIn()
    const warnings = () => warned.mock.calls.filter(([line]) => /over 100 listeners/.test(line))
    for (let n = 0; n < 200; n += 1) sessions.onEnded(handle, () => {})()
    expect(warnings()).toEqual([])
    for (let n = 0; n < 101; n += 1) sessions.onEnded(handle, () => {})
    expect(warnings()).toHaveLength(1)
  })

  it('is there with a store only', () => {
    expect(createSessions({ secret })).not.toHaveProperty('onEnded')
  })
})

it('pollInterval is a duration from a second to an hour', () => {
  const with_ = (pollInterval: string) => () =>
    createSessions({ secret, store: memoryStore(), pollInterval: pollInterval as '1s' })
  expect(with_('5s')().describePolicy().store?.pollInterval).toBe(5)
  expect(with_('5s')).not.toThrow()
  for (const wrong of ['100ms', '2h', 'often']) expect(with_(wrong)).toThrow(/"pollInterval"/)
})

it('a subscriber has to be a second client that can subscribe', () => {
  const client = { isCluster: false, call: async () => null, options: {} }
  const store = (subscriber: unknown) => () =>
    redisStore(client, { subscriber: subscriber as never })
  expect(store(undefined)).not.toThrow()
  expect(store({})).toThrow(/"subscriber".*client\.duplicate\(\)/)
  const both = Object.assign(client, { subscribe() {} })
  expect(store(both)).toThrow(/the store's client itself/)
})
