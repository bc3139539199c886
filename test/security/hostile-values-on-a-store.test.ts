/** Hostile values, users, labels and messages on each store: to the character, read elsewhere. */

import { describe, expect, test } from 'vitest'
import { sessionsOn, STORES, storeOf } from '../promises/stores.ts'
import { Visitor } from '../session/visitor.ts'
import { HALF_PAIRS, KEPT, KEPT_BY_FLASK, KEPT_BY_OUR_OWN, REFUSED, TEXTS } from './hostile.ts'
import { prototypes, told } from './told.ts'

const ENCRYPTIONS = [
  { rows: 'plain', options: {} },
  { rows: 'encrypted', options: { encrypt: true } },
] as const

describe.each(STORES)('on %s', (name) => {
  describe.each(ENCRYPTIONS)('with $rows rows', ({ options }) => {
    test('every value comes back exactly', async () => {
      const before = prototypes()
      const { store, again } = await storeOf(name)
      const values = [...KEPT, ...KEPT_BY_OUR_OWN]
      const visitor = new Visitor(sessionsOn(store, options).sessions)
      await visitor.visit((session) => {
        for (const [what, value] of values) session.set(what, value)
      })
      // A second write, so that what was read is swapped in once more.
      await visitor.visit((session) => {
        for (const [what] of values) session.update(what, (value: unknown) => [value])
      })
      const elsewhere = new Visitor(sessionsOn(await again(), options).sessions, visitor.cookie)
      await elsewhere.read((session) => {
        expect(session.size).toBe(values.length)
        for (const [what, value] of values) {
          expect(told(session.get(what)), what).toEqual(told([value]))
        }
      })
      expect(prototypes()).toEqual(before)
    })

    test('every text is a key, a message and its category, and none is taken for another', async () => {
      const { store, again } = await storeOf(name)
      const texts = [...TEXTS, ...HALF_PAIRS]
      const visitor = new Visitor(sessionsOn(store, options).sessions)
      await visitor.visit((session) => {
        for (const text of texts) session.set(text, text).flash(text, text)
      })
      const elsewhere = new Visitor(sessionsOn(await again(), options).sessions, visitor.cookie)
      await elsewhere.visit((session) => {
        expect([...session].map(([key, value]) => [key, told(value)]).sort()).toEqual(
          texts.map((text) => [text, told(text)]).sort(),
        )
        expect(session.flashes()).toEqual(texts.map((text) => ({ category: text, message: text })))
      })
    })

    test('every user has a list of sessions to himself, with the labels as they were given', async () => {
      const { store, again } = await storeOf(name)
      const { sessions } = sessionsOn(store, options)
      for (const text of TEXTS) {
        await new Visitor(sessions).visit((session) => {
          session.login(text)
          session.label = text
        })
      }
      const elsewhere = sessionsOn(await again(), options).sessions
      for (const text of TEXTS) {
        const listed = await elsewhere.list(text)
        expect(
          listed.map(({ label }) => label),
          JSON.stringify(text),
        ).toEqual([text])
      }
      expect(await elsewhere.revokeUser('a\u0000b')).toEqual({ ended: 1, marked: true })
      expect(await elsewhere.list('a\u0000b')).toEqual([])
      expect(await elsewhere.list('\u0000')).toHaveLength(1)
    })

    test('what is refused when it is set leaves the row as it was', async () => {
      const { store } = await storeOf(name)
      const visitor = new Visitor(sessionsOn(store, options).sessions)
      await visitor.visit((session) => session.set('x', { kept: [1] }))
      for (const [what, value] of [...REFUSED, ...KEPT_BY_FLASK]) {
        const session = await visitor.sessions.open(visitor.cookie)
        expect(() => session.set('x', [value]), what).toThrow(
          expect.objectContaining({ code: 'ERR_VALUE_UNSUPPORTED' }),
        )
        await session.commit()
      }
      expect(await visitor.read((session) => told(session.get('x')))).toEqual(told({ kept: [1] }))
    })
  })
})
