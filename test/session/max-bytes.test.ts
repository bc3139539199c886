import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createSessions, type SessionOptions } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { seededRandom } from '../record/random.ts'
import { SECRET, T0, testSessions, Visitor } from './visitor.ts'

beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}))
afterEach(() => void vi.restoreAllMocks())

/** Text that does not compress. */
const noise = (length: number) => {
  const random = seededRandom(5)
  const characters = Array.from({ length }, () => String.fromCharCode(33 + random() * 90))
  return characters.join('')
}

const onStore = (options: Partial<SessionOptions> = {}) => {
  const clock = { now: T0 }
  const store = memoryStore({ clock: () => clock.now })
  return { ...testSessions({ store, clock: () => clock.now, ...options }), store, clock }
}

describe('maxBytes', () => {
  test.each(['the cookie', 'a store'])(
    'refuses a larger session before anything is saved: %s',
    async (kind) => {
      const { sessions } =
        kind === 'a store' ? onStore({ maxBytes: 512 }) : testSessions({ maxBytes: 512 })
      const code = kind === 'a store' ? 'ERR_SESSION_TOO_LARGE' : 'ERR_COOKIE_TOO_LARGE'
      const visitor = new Visitor(sessions)
      await visitor.visit((session) => session.set('a', 'small'))
      const { cookie } = visitor
      await expect(visitor.visit((session) => session.set('text', noise(700)))).rejects.toThrow(
        expect.objectContaining({ code, message: expect.stringContaining('the limit is 512') }),
      )
      expect(visitor.cookie).toBe(cookie)
      expect(await visitor.read((session) => [...session.keys()])).toEqual(['a'])
    },
  )

  test('counts the record as it is stored, to the byte, whatever it is made of', async () => {
    const sizeOf = async (work: (session: any) => void) => {
      const { sessions, store } = onStore()
      await new Visitor(sessions).visit(work)
      for await (const keys of store.keys()) {
        for (const key of keys) {
          return Buffer.byteLength((await store.read(key))!.body.split('\n')[1]!)
        }
      }
      throw new Error('There is no row.')
    }
    const works: ((session: any) => void)[] = [
      (session) => session.set('text', 'é'.repeat(200)),
      (session) => session.set('\u0001'.repeat(60), '"'.repeat(40)),
      (session) => {
        for (let at = 0; at < 90; at += 1) session.set(`k${at}`, at)
      },
      (session) => {
        session.login('ü'.repeat(150))
        session.label = '☃'.repeat(100)
        session.lifetime = { idle: '15m' }
        session.permanent = true
      },
    ]
    for (const work of works) {
      const size = await sizeOf(work)
      expect(size).toBeGreaterThan(256)
      await new Visitor(onStore({ maxBytes: size }).sessions).visit(work)
      await expect(
        new Visitor(onStore({ maxBytes: size - 1 }).sessions).visit(work),
      ).rejects.toThrow(`would be ${size} bytes; the limit is ${size - 1}`)
    }
  })

  test('drops waiting messages before it refuses a login', async () => {
    const { sessions, events } = onStore({ maxBytes: 512 })
    const visitor = new Visitor(sessions)
    await visitor.visit((session) => {
      for (let at = 0; at < 20; at += 1) session.flash(noise(40))
    })
    await visitor.visit((session) => session.login('ada'))
    expect(await visitor.read((session) => session.userId)).toBe('ada')
    expect(events).toContainEqual(expect.objectContaining({ type: 'flashes-dropped' }))
  })

  test('leaves a session that was larger before readable, and its id is still renewed', async () => {
    const before = onStore()
    const visitor = new Visitor(before.sessions)
    await visitor.visit((session) => session.set('text', noise(700)))
    const after = testSessions({
      maxBytes: 512,
      rotate: '5m',
      store: before.store,
      clock: () => before.clock.now,
    })
    const later = new Visitor(after.sessions, visitor.cookie)
    before.clock.now += 6 * 60_000
    expect((await later.visit()).setCookie).toBeDefined()
    expect(after.events).toContainEqual({ type: 'renewed' })
    expect(await later.read((session) => session.get('text'))).toBe(noise(700))
    await expect(later.visit((session) => session.set('more', 1))).rejects.toThrow(/limit is 512/)
    await later.visit((session) => session.set('text', 'short'))
  })

  test('lets a cookie that was larger before be renewed, so that its session does not expire', async () => {
    const visitor = new Visitor(testSessions().sessions)
    await visitor.visit((session) => session.set('text', noise(700)))
    const after = testSessions({ maxBytes: 512 })
    const later = new Visitor(after.sessions, visitor.cookie)
    for (let visit = 0; visit < 3; visit += 1) {
      after.clock.now += 20 * 86_400_000
      await later.visit()
    }
    expect(await later.read((session) => session.get('text'))).toBe(noise(700))
    await expect(later.visit((session) => session.set('more', 1))).rejects.toThrow(/limit is 512/)
  })

  test.each<[string, object, RegExp]>([
    ['text', { maxBytes: '16kb' }, /"maxBytes" has to be a whole number of bytes, 256 or more/],
    ['nothing', { maxBytes: 0 }, /256 or more/],
    ['a fraction', { maxBytes: 1000.5 }, /256 or more/],
    ['4 for 4 KiB', { maxBytes: 4 }, /256 or more/],
    [
      'more than a cookie',
      { maxBytes: 4097 },
      /more than the 4096 bytes of a cookie\. Use a store/,
    ],
    [
      'more than a store',
      { maxBytes: 1_048_001, store: memoryStore() },
      /more than the 1048000 bytes/,
    ],
    [
      'more than an encrypted row',
      { maxBytes: 786_001, encrypt: true, store: memoryStore() },
      /more than the 786000 bytes/,
    ],
  ])('cannot be %s', (_what, options, message) => {
    expect(() => createSessions({ secret: SECRET, ...options } as SessionOptions)).toThrow(
      expect.objectContaining({
        code: 'ERR_OPTION_INVALID',
        message: expect.stringMatching(message),
      }),
    )
  })

  test('lifetime.anonymous cannot be longer than what it shortens', () => {
    const make = (lifetime: SessionOptions['lifetime']) => () =>
      createSessions({ secret: SECRET, ...(lifetime && { lifetime }) })
    expect(make({ anonymous: '32d' })).toThrow(/"lifetime.anonymous" is longer than lifetime.idle/)
    expect(make({ anonymous: '0s' })).toThrow(/"lifetime.anonymous" is not a duration/)
    expect(
      make({ idle: '1d', permanent: '90d', anonymous: '32d' })().describePolicy().lifetime,
    ).toEqual(expect.objectContaining({ anonymous: 32 * 86_400 }))
  })

  test('is in the policy', () => {
    const bytesOf = (options: object) =>
      createSessions({ secret: SECRET, ...options }).describePolicy().maxBytes
    expect(bytesOf({ maxBytes: 1000 })).toBe(1000)
    expect(bytesOf({})).toBe(4096)
    expect(bytesOf({ store: memoryStore() })).toBe(1_048_000)
    expect(bytesOf({ store: memoryStore(), maxBytes: 20_000 })).toBe(20_000)
  })
})
