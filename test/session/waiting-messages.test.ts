/** Flash messages that nobody reads: the oldest go, and nothing else is ever stopped by them. */

import { describe, expect, test, vi } from 'vitest'
import { flask, flaskCookie } from '../../src/flask/flask.ts'
import { createSessions, type EventFacts, type SessionOptions } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { seededRandom } from '../record/random.ts'
import { SECRET, Visitor } from './visitor.ts'
import { factsOf } from './facts-of.ts'

const KINDS: readonly [string, () => SessionOptions][] = [
  ['a signed cookie', () => ({ secret: SECRET })],
  ['an encrypted cookie', () => ({ secret: SECRET, encrypt: true })],
  ["Flask's cookie", () => flask({ SECRET_KEY: SECRET })],
  ['a store', () => ({ secret: SECRET, store: memoryStore() })],
  ['an encrypted store', () => ({ secret: SECRET, store: memoryStore(), encrypt: true })],
]

function visitorOf(options: SessionOptions) {
  const events: EventFacts[] = []
  const sessions = createSessions<any>({
    ...options,
    onEvent: (event) => events.push(factsOf(event)),
  })
  const dropped = () =>
    events.reduce((sum, event) => sum + (event.type === 'flashes-dropped' ? event.count : 0), 0)
  return { visitor: new Visitor(sessions), events, dropped }
}

/** Text that no compression makes shorter. */
function noise(length: number): string {
  const random = seededRandom(length)
  return Array.from({ length }, () => Math.floor(random() * 36).toString(36)).join('')
}

describe.each(KINDS)('messages that wait in %s', (kind, options) => {
  test('never stop a login, however many failed sign-ins left one each', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const { visitor, dropped } = visitorOf(options())
    for (let attempt = 0; attempt < 300; attempt++) {
      await visitor.visit((session) =>
        session.flash(`Wrong password, attempt ${attempt}.`, 'error'),
      )
    }
    await visitor.visit((session) => session.login('ada'))
    const { user, messages } = await visitor.read((session) => ({
      user: session.userId,
      messages: session.flashes().map(({ message }) => String(message)),
    }))
    expect(user).toBe('ada')
    expect(messages.length).toBeGreaterThan(30)
    expect(messages.length).toBeLessThanOrEqual(64)
    // The newest, in order, and each of the others was counted.
    expect(messages).toEqual(
      Array.from(messages, (_text, at) => `Wrong password, attempt ${300 - messages.length + at}.`),
    )
    expect(dropped()).toBe(300 - messages.length)
    const told = warn.mock.calls.filter(([line]) => String(line).includes('session.flashes()'))
    expect(told).toHaveLength(1)
  })

  test('give way to data, and to a change inside a value', async () => {
    const { visitor, dropped } = visitorOf(options())
    await visitor.visit((session) => session.set('cart', ['tea']))
    await visitor.visit((session) => {
      session.flash(noise(600))
      session.flash(noise(601))
      session.get('cart').push('cup')
    })
    let size = kind.includes('cookie') ? 1000 : kind === 'a store' ? 1_046_400 : 784_400
    for (; dropped() === 0; size += 200) {
      await visitor.visit((session) => session.set('essay', noise(size)))
      const read = await visitor.read((session) => [
        session.get('cart'),
        session.get('essay').length,
      ])
      expect(read).toEqual([['tea', 'cup'], size])
    }
    // The older of the two was enough.
    expect(await visitor.read((session) => session.flashes())).toEqual([
      { category: 'message', message: noise(601) },
    ])
  })

  test('of any size are dropped where even one does not fit, and the rest is saved', async () => {
    const { visitor, events } = visitorOf(options())
    await visitor.visit((session) => {
      session.login('ada')
      session.flash(noise(1_100_000))
    })
    expect(await visitor.read((session) => [session.userId, session.flashes()])).toEqual([
      'ada',
      [],
    ])
    expect(events).toContainEqual({ type: 'flashes-dropped', count: 1 })
    const { visitor: nobody } = visitorOf(options())
    await nobody.visit((session) => session.flash(noise(1_100_000)))
    expect(await nobody.read((session) => [session.size, session.flashes()])).toEqual([0, []])
  })

  test('are all there while they fit, and the data alone still fails where it is too large', async () => {
    const { visitor, events } = visitorOf(options())
    await visitor.visit((session) => {
      for (let at = 0; at < 20; at++) session.flash(`message ${at}`)
    })
    const before = visitor.cookie
    const session = await visitor.sessions.open(before)
    session.set('essay', noise(1_100_000))
    await expect(session.commit()).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_(COOKIE|SESSION)_TOO_LARGE$/),
      message: expect.stringMatching(/ (flash messages|_flashes) \(\d+ bytes\)/),
    })
    expect(await visitor.read((read) => read.flashes())).toHaveLength(20)
    expect(events.some(({ type }) => type === 'flashes-dropped')).toBe(false)
  })
})

describe('messages that Flask left', () => {
  const cookie = flaskCookie({ secret: SECRET })
  const left = (count: number) =>
    cookie.seal({ _flashes: Array.from({ length: count }, (_, at) => ['message', `m${at}`]) })

  test('stay where a request adds none, and are bounded where one does', async () => {
    const { visitor, dropped } = visitorOf(flask({ SECRET_KEY: SECRET }))
    visitor.cookie = `session=${left(100)}`
    await visitor.visit((session) => session.set('x', 1))
    expect(await visitor.read((session) => session.flashes())).toHaveLength(100)
    await visitor.visit((session) => session.flash('m100'))
    const messages = await visitor.read((session) => session.flashes())
    expect([messages.length, messages.at(-1)?.message]).toEqual([64, 'm100'])
    expect(dropped()).toBe(37)
  })
})

test('what waits in a store is bounded in size, too', async () => {
  const { visitor, dropped } = visitorOf({ secret: SECRET, store: memoryStore() })
  for (let at = 0; at < 40; at++) {
    await visitor.visit((session) => session.flash(`${at} ${noise(1000)}`))
  }
  const messages = await visitor.read((session) => session.flashes())
  expect(messages.length).toBeGreaterThan(10)
  expect(messages.length * 1000).toBeLessThan(16_384)
  expect(String(messages.at(-1)?.message)).toMatch(/^39 /)
  expect(dropped()).toBe(40 - messages.length)
})

test('messages of concurrent requests on a store are bounded together', async () => {
  const { visitor, dropped } = visitorOf({ secret: SECRET, store: memoryStore() })
  await visitor.visit((session) => session.set('x', 1))
  await Promise.all(
    Array.from({ length: 100 }, (_, at) => visitor.visit((session) => session.flash(`m${at}`))),
  )
  expect(await visitor.read((session) => session.flashes())).toHaveLength(64)
  expect(dropped()).toBe(36)
})
