import { describe, expect, test } from 'vitest'
import { forge, OLD_SECRET, SECRET, T0, testSessions } from '../session/visitor.ts'
import { cookieOf, type Route, served, WAYS } from './both-ways.ts'

const silent: Route = () => ({ body: 'static' })
const body = Buffer.from(
  '["s44we8",{"x":{"y":[1.0]},"big":123456789012345678901},{"u":"u1","f":[["message","Hi"]]}]',
).toString('base64url')

/** Everything that reads, and nothing that writes. */
const reading: Route = async (open) => {
  const session = await open()
  session.get('x')
  session.get('none', [])
  session.has('x')
  void [...session, ...session.keys(), ...session.values(), session.size]
  void [
    session.userId,
    session.permanent,
    session.isNew,
    session.authenticatedAt,
    session.label,
    session.handle,
  ]
  session.flashes({ categories: ['none'] })
  session.pop('none')
  session.delete('none')
  await session.reload()
  await session.commit()
  return { body: 'read' }
}

describe.each(WAYS)('promise 4, a read is a read, through %s', (way) => {
  test('a route that never asks is left as it is, whatever cookie came', async () => {
    const { sessions, events, clock } = testSessions({
      lifetime: { idle: '10m' },
      secret: [SECRET, OLD_SECRET],
    })
    await served(way, sessions, silent, async (ask) => {
      const plain = await ask()
      for (const cookie of [
        forge(body),
        forge(body, { secret: OLD_SECRET }),
        'session=junk',
        'other=1',
      ]) {
        clock.now = T0 + 300_000
        const response = await ask({ cookie })
        expect(response.headers.getSetCookie()).toEqual([])
        expect(response.headers.get('vary')).toBe(plain.headers.get('vary'))
        expect(response.headers.get('vary')).toBeNull()
        expect(response.headers.get('cache-control')).toBeNull()
      }
    })
    expect(events).toEqual([])
  })

  test('an anonymous visit stores nothing and sets nothing', async () => {
    const { sessions, events } = testSessions()
    await served(way, sessions, reading, async (ask) => {
      const response = await ask()
      expect(response.headers.getSetCookie()).toEqual([])
      expect(response.headers.get('vary')).toBe('Cookie')
      expect(response.headers.get('cache-control')).toBeNull()
    })
    expect(events).toEqual([])
  })

  test('reading a session, objects in it included, writes nothing', async () => {
    const { sessions, events, clock } = testSessions()
    await served(way, sessions, reading, async (ask) => {
      for (const later of [0, 1000, 86_400_000]) {
        clock.now = T0 + later
        expect((await ask({ cookie: forge(body) })).headers.getSetCookie()).toEqual([])
      }
    })
    expect(events).toEqual([])
  })

  test('save one renewal once a tenth of the idle time has passed', async () => {
    const { sessions, clock } = testSessions({ lifetime: { idle: '10m' } })
    await served(way, sessions, reading, async (ask) => {
      clock.now = T0 + 59_999
      expect((await ask({ cookie: forge(body) })).headers.getSetCookie()).toEqual([])
      clock.now = T0 + 60_000
      const renewed = await ask({ cookie: forge(body) })
      // The same record with another date: nothing in it was spelled anew.
      expect(cookieOf(renewed)).toBe(forge(body, { seconds: T0 / 1000 + 60 }))
      expect((await ask({ cookie: cookieOf(renewed) })).headers.getSetCookie()).toEqual([])
    })
  })

  test('a write is a write: the same value set again is kept', async () => {
    const { sessions } = testSessions()
    const writing: Route = async (open) => {
      const session = await open()
      session.set('x', session.get('x'))
      return {}
    }
    await served(way, sessions, writing, async (ask) => {
      expect((await ask({ cookie: forge(body) })).headers.getSetCookie()).toHaveLength(1)
    })
  })
})
