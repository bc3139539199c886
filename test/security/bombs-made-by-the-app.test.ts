/** What an app puts into a session is refused when it is set or kept, or the next request reads it. */

import { describe, expect, test } from 'vitest'
import type { Session } from '../../src/index.ts'
import { tuple } from '../../src/flask/flask.ts'
import { SessionError } from '../../src/base/errors.ts'
import { Visitor } from '../session/visitor.ts'
import { KINDS } from './kinds.ts'
import { told } from './told.ts'

const DEPTHS = [32, 33, 60, 61, 62, 63, 64, 65, 5000, 1_000_000]

const SHAPES: readonly [name: string, wrap: (inner: unknown) => unknown, levels: number][] = [
  ['lists', (inner) => [inner], 1],
  ['objects', (inner) => ({ a: inner }), 1],
  ['tuples', (inner) => tuple(inner), 2],
  ['objects that look like tags', (inner) => ({ ' t': inner }), 2],
]

/** The same value for every kind: a million levels take their time to make. */
const VALUES = SHAPES.map(([name, wrap, levels]) => {
  const values = new Map<number, unknown>()
  let value: unknown = 1
  for (let depth = 1; depth <= DEPTHS.at(-1)!; depth++) {
    value = wrap(value)
    if (DEPTHS.includes(depth)) values.set(depth, value)
  }
  return [name, values, levels] as const
})

const unsupported = expect.objectContaining({ code: 'ERR_VALUE_UNSUPPORTED' })
const codeOf = (error: unknown) => (error instanceof SessionError ? error.code : error)

describe.each(KINDS)('$name', ({ name, app }) => {
  const room = name.startsWith('Flask') ? 63 : 62

  test.each(VALUES)(
    '%s are kept up to 64 levels in all, and refused beyond them in whatever way',
    async (_, values, levels) => {
      for (const [depth, value] of values) {
        const visitor = new Visitor(app().sessions)
        await visitor.visit((session) => session.set('x', { kept: [1] }))
        if (depth * levels <= room) {
          await visitor.visit((session) => session.set('y', value))
          expect(await visitor.read((session) => told(session.get('y')))).toEqual(told(value))
          continue
        }
        const setters: ((session: Session<any>) => unknown)[] = [
          (session) => session.set('x', value),
          (session) => session.update('x', () => value as never),
          (session) => session.getOrInsert('y', value),
          (session) => session.flash(value as never),
        ]
        for (const set of setters) {
          const session = await visitor.sessions.open(visitor.cookie)
          expect(() => set(session), String(depth)).toThrow(unsupported)
          expect((await session.commit()).getSetCookie()).toEqual([])
        }
        const session = await visitor.sessions.open(visitor.cookie)
        session.get('x').kept.push(value)
        await expect(session.commit(), String(depth)).rejects.toThrow(unsupported)
        expect(await visitor.read((read) => told(read.get('x')))).toEqual(told({ kept: [1] }))
      }
    },
  )

  test('text that deflates to nothing is kept as long as it can be read again, and refused beyond', async () => {
    const kept: number[] = []
    const sizes = [1000, 4000, 30_000, 65_000, 65_536, 70_000, 1_100_000]
    for (const letter of ['a', '\u0000', '\ud800']) {
      for (const size of sizes) {
        const { sessions } = app()
        const text = letter.repeat(size)
        const session = await sessions.open(null)
        session.set('x', text)
        const outcome: unknown = await session.commit().catch(codeOf)
        if (!(outcome instanceof Headers)) {
          expect(outcome).toMatch(/^ERR_(COOKIE|SESSION)_TOO_LARGE$/)
          continue
        }
        kept.push(size)
        const [line] = outcome.getSetCookie()
        expect((await sessions.open(line!.split(';')[0])).get('x') === text, `${size}`).toBe(true)
      }
    }
    expect(kept).toContain(1000)
    expect(kept).not.toContain(1_100_000)
  })

  test('a session that grew too large says so and keeps what it was', async () => {
    const visitor = new Visitor(app().sessions)
    await visitor.visit((session) => session.set('small', 1))
    const session = await visitor.sessions.open(visitor.cookie)
    for (let at = 0; at < 10_000; at++) session.set(`key${at}`, { at, text: 'x'.repeat(200) })
    expect(await session.commit().catch(codeOf)).toMatch(/^ERR_(COOKIE|SESSION)_TOO_LARGE$/)
    expect(await visitor.read((read) => [...read])).toEqual([['small', 1]])
  })
})
