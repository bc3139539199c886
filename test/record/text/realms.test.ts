/** Values of another realm, as in Jest, a `vm` context or after `structuredClone`, are stored as ours are. */

import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { isBytes, isDate, isError, isThenable } from '../../../src/base/realm.ts'
import { createSessions } from '../../../src/index.ts'
import { flask } from '../../../src/flask/flask.ts'
import { SECRET, testSessions, Visitor } from '../../session/visitor.ts'

const elsewhere = (code: string): any => runInNewContext(code, { structuredClone, Buffer })

const DATE = 'new Date(1_700_000_000_000)'
const BYTES = 'new Uint8Array([0, 127, 255])'

const SESSIONS = {
  'our own format': () => testSessions().sessions,
  "Flask's format": () => createSessions<any>(flask({ SECRET_KEY: SECRET })),
}

describe.each(Object.entries(SESSIONS))('in %s', (_, make) => {
  test('dates and bytes made elsewhere are stored, and read back as ours', async () => {
    const visitor = new Visitor(make() as never)
    await visitor.visit((session) => {
      session.set('date', elsewhere(DATE))
      session.set('bytes', elsewhere(BYTES))
      session.set('deep', elsewhere(`({ list: [${DATE}, ${BYTES}], own: { date: ${DATE} } })`))
      session.set('copy', structuredClone({ date: new Date(1_700_000_000_000) }))
    })
    const date = new Date(1_700_000_000_000)
    const bytes = new Uint8Array([0, 127, 255])
    await visitor.read((session) => {
      expect(session.get('date')).toEqual(date)
      expect(session.get('date')).toBeInstanceOf(Date)
      expect(session.get('bytes')).toEqual(bytes)
      expect(session.get('bytes')).toBeInstanceOf(Uint8Array)
      expect(session.get('deep')).toEqual({ list: [date, bytes], own: { date } })
      expect(session.get('copy')).toEqual({ date })
    })
  })

  test('what cannot be stored says what it is, wherever it was made', async () => {
    const session = await make().open(undefined)
    expect(() => session.set('v', elsewhere('new Map()'))).toThrow(/a Map\. Keep \[/)
    expect(() => session.set('v', elsewhere('new Set()'))).toThrow(/a Set\. Keep \[/)
    expect(() => session.set('v', elsewhere('new Date(NaN)'))).toThrow(/an invalid date/)
    expect(() => session.set('v', elsewhere('/x/'))).toThrow(/an instance of RegExp/)
    // Something that only claims to be a date.
    const claims = { [Symbol.toStringTag]: 'Date', getTime: () => 0 }
    expect(() => session.set('v', Object.assign(Object.create({ a: 1 }), claims))).toThrow(
      /an instance of Object/,
    )
  })
})

test('a secret of bytes made elsewhere is one', async () => {
  const bytes = elsewhere(`new Uint8Array(Buffer.from('${SECRET}'))`)
  const { sessions } = testSessions()
  const session = (await sessions.open(undefined)).set('a', 1)
  const [line] = (await session.commit()).getSetCookie()
  const same = testSessions({ secret: bytes }).sessions
  expect((await same.open(line!.split(';')[0])).get('a')).toBe(1)
})

test('a day to migrate until that was made elsewhere is one', () => {
  const migrateUntil = elsewhere('new Date(1_800_000_000_000)')
  expect(() => testSessions({ encrypt: { migrateUntil } })).not.toThrow()
})

test('the checks look at what a value is, and not at its class', () => {
  for (const [check, made] of [
    [isDate, DATE],
    [isBytes, BYTES],
    [isBytes, 'Buffer.from("a")'],
    [isError, 'new TypeError("a")'],
    [isThenable, 'Promise.resolve()'],
  ] as const) {
    expect(check(elsewhere(made)), made).toBe(true)
  }
  for (const value of [null, undefined, 7, 'text', {}, [], () => {}, new Uint16Array(1)]) {
    for (const check of [isDate, isBytes, isError, isThenable]) expect(check(value)).toBe(false)
  }
  expect(isDate({ [Symbol.toStringTag]: 'Date' })).toBe(false)
})
