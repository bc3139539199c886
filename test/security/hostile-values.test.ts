/** Hostile values come back exactly, or are refused when they are set: never a silent change. */

import { describe, expect, test } from 'vitest'
import type { Session } from '../../src/index.ts'
import { served, WAYS } from '../promises/both-ways.ts'
import { Visitor } from '../session/visitor.ts'
import {
  HALF_PAIRS,
  KEPT,
  KEPT_BY_FLASK,
  KEPT_BY_OUR_OWN,
  objectOf,
  REFUSED,
  TEXTS,
} from './hostile.ts'
import { KINDS } from './kinds.ts'
import { prototypes, told } from './told.ts'

const before = prototypes()

const unsupported = expect.objectContaining({ code: 'ERR_VALUE_UNSUPPORTED' })

/** All that an app can see of a session. */
const everything = (session: Session<any>) =>
  [
    [...session].map(([key, value]) => [key, told(value)]),
    session.size,
    session.userId,
    session.label,
    session.permanent,
  ] as const

/** The ways in which a value gets into a session. */
const SETTERS: readonly [name: string, set: (session: Session<any>, value: unknown) => unknown][] =
  [
    ['set', (session, value) => session.set('x', value)],
    ['set in an object', (session, value) => session.set('x', { a: [value] })],
    ['update', (session, value) => session.update('x', () => [value])],
    ['getOrInsert', (session, value) => session.getOrInsert('y', [value])],
    ['flash', (session, value) => session.flash([value] as never)],
  ]

describe.each(KINDS)('$name', ({ name, app }) => {
  const isFlask = name.startsWith('Flask')

  test.each([...KEPT, ...(isFlask ? KEPT_BY_FLASK : KEPT_BY_OUR_OWN)])(
    '%s comes back exactly',
    async (_, value) => {
      const visitor = new Visitor(app().sessions)
      await visitor.visit((session) => {
        session.set('x', value).set('list', [value, [value]])
        session.set('object', { value, inner: { value } })
        session.update('updated', () => value as never)
      })
      await visitor.visit((session) => {
        expect(told(session.get('x'))).toEqual(told(value))
        expect(told(session.get('list'))).toEqual(told([value, [value]]))
        expect(told(session.get('object'))).toEqual(told({ value, inner: { value } }))
        expect(told(session.get('updated'))).toEqual(told(value))
        session.update('updated', (read) => [read])
      })
      // What was read and written again is still the same, and so is what only stood beside it.
      const [x, updated] = await visitor.read((session) => [
        session.get('x'),
        session.get('updated'),
      ])
      expect([told(x), told(updated)]).toEqual([told(value), told([value])])
    },
  )

  test.each([...REFUSED, ...(isFlask ? [] : KEPT_BY_FLASK)])(
    '%s is refused in whatever way it is set, and nothing has changed',
    async (_, value) => {
      const visitor = new Visitor(app().sessions)
      await visitor.visit((session) => {
        session.login('u1')
        session.set('x', { kept: 1 })
      })
      for (const [setter, set] of SETTERS) {
        const { setCookie } = await visitor.visit((session) => {
          const seen = everything(session)
          expect(() => set(session, value), setter).toThrow(unsupported)
          expect(everything(session), setter).toEqual(seen)
          expect(session.flashes(), setter).toEqual([])
        })
        expect(setCookie, setter).toBeUndefined()
      }
    },
  )

  test('what hides in an object until the response leaves is refused then, and nothing is kept', async () => {
    const visitor = new Visitor(app().sessions)
    await visitor.visit((session) => session.set('x', { kept: [1] }))
    for (const [what, value] of REFUSED) {
      const session = await visitor.sessions.open(visitor.cookie)
      session.get('x').kept[0] = value
      await expect(session.commit(), what).rejects.toThrow(unsupported)
    }
    expect(await visitor.read((session) => told(session.get('x')))).toEqual(told({ kept: [1] }))
  })

  test('any text is a key', async () => {
    const keys = [...TEXTS, ...HALF_PAIRS, '']
    const visitor = new Visitor(app().sessions)
    await visitor.visit((session) => keys.forEach((key, at) => session.set(key, at)))
    await visitor.visit((session) => {
      expect(new Set(session.keys())).toEqual(new Set(keys))
      for (const [at, key] of keys.entries()) expect(session.get(key), JSON.stringify(key)).toBe(at)
      for (const key of keys) expect(session.delete(key), JSON.stringify(key)).toBe(true)
    })
    expect(await visitor.read((session) => session.size)).toBe(0)
  })

  test('a key that nobody set is not there, whatever objects have by that name', async () => {
    const session = await app().sessions.open(null)
    for (const key of TEXTS) {
      expect([session.has(key), session.get(key), session.delete(key)]).toEqual([
        false,
        undefined,
        false,
      ])
    }
  })

  test.each([undefined, null, 1, Symbol('a'), {}, ['a'], { toString: () => 'a' }])(
    'a key that is no text is refused: %o',
    async (key) => {
      const session = await app().sessions.open(null)
      expect(() => session.set(key as never, 1)).toThrow(unsupported)
      expect(() => session.update(key as never, () => 1)).toThrow(unsupported)
      expect(session.size).toBe(0)
    },
  )

  test('a user is who was signed in, to the character, or the login is refused', async () => {
    for (const id of [...TEXTS, 2 ** 53 - 1, -1, 0, 2n ** 53n + 1n]) {
      const visitor = new Visitor(app().sessions)
      await visitor.visit((session) => session.login(id))
      expect(await visitor.read((session) => session.userId)).toBe(String(id))
    }
    const texts = ['', ...HALF_PAIRS, 'x'.repeat(1025)]
    const numbers = [Number.NaN, Infinity, 1.5, 2 ** 53, 10n ** 1024n]
    const others = [undefined, null, true, {}, [], ['a'], Symbol('a'), { toString: () => 'admin' }]
    for (const id of [...texts, ...numbers, ...others]) {
      const session = await app().sessions.open(null)
      expect(() => session.login(id as never)).toThrow(
        expect.objectContaining({ code: 'ERR_USER_ID_INVALID' }),
      )
      expect([session.userId, (await session.commit()).getSetCookie()]).toEqual([undefined, []])
    }
  })

  test('a message and its category come back to the character', async () => {
    const visitor = new Visitor(app().sessions)
    const texts = [...TEXTS, ...HALF_PAIRS]
    await visitor.visit((session) => texts.forEach((text) => session.flash(text, text)))
    await visitor.visit((session) => {
      expect(session.flashes()).toEqual(texts.map((text) => ({ category: text, message: text })))
    })
    expect(await visitor.read((session) => session.flashes())).toEqual([])
  })

  test('a category that is no text is refused, and changes nothing', async () => {
    const visitor = new Visitor(app().sessions)
    const categories = [5, null, true, {}, [], Symbol('a'), () => 'a', { toString: () => 'a' }]
    await visitor.visit((session) => {
      for (const category of categories) {
        expect(() => session.flash('message', category as never)).toThrow(unsupported)
      }
      session.flash('kept')
    })
    expect(await visitor.read((session) => session.flashes())).toEqual([
      { category: 'message', message: 'kept' },
    ])
  })

  test.each(WAYS)(
    'a key named "then" does not take over await sessions.get(), through %s',
    async (way) => {
      const { sessions } = app()
      await served(
        way,
        sessions,
        async (open) => {
          const session = await open()
          const again = await open()
          again
            .set('then', objectOf(['then', 'x']))
            .set('catch', 1)
            .set('constructor', objectOf(['then', 1]))
          return { body: `${session === again} ${JSON.stringify(session.get('then'))}` }
        },
        async (ask) => {
          const response = await ask()
          expect(await response.text()).toBe('true {"then":"x"}')
          const cookie = response.headers.getSetCookie()[0]!.split(';')[0]!
          const opened = await sessions.open(cookie)
          expect(told(await opened.get('then'))).toEqual(told(objectOf(['then', 'x'])))
          // What `await` asks for: there is none, and none can be put there.
          expect((opened as { then?: unknown }).then).toBeUndefined()
          expect(() => Reflect.set(opened, 'then', 1)).toThrow(
            expect.objectContaining({ code: 'ERR_SESSION_PROPERTY' }),
          )
        },
      )
    },
  )
})

describe.each(KINDS.filter(({ name }) => !name.startsWith('Flask')))('$name', ({ app }) => {
  test('a label comes back to the character, cut to 200, or is refused', async () => {
    for (const label of [...TEXTS, ...HALF_PAIRS, '', '\u{1f36a}'.repeat(100)]) {
      const visitor = new Visitor(app().sessions)
      await visitor.visit((session) => {
        session.login('u1')
        session.label = label
      })
      expect(await visitor.read((session) => session.label)).toBe(label)
    }
    const session = await app().sessions.open(null)
    session.label = `a${'\u{1f36a}'.repeat(100)}`
    expect(session.label).toBe(`a${'\u{1f36a}'.repeat(99)}`)
    session.label = undefined
    for (const label of [null, 1, {}, [], Symbol('a'), { toString: () => 'a' }]) {
      expect(() => void (session.label = label as never)).toThrow(unsupported)
      expect(session.label).toBeUndefined()
    }
  })
})

test('after all of this the prototypes are what they were', () => {
  expect(prototypes()).toEqual(before)
})
