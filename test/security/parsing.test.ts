/** Which cookie of a header is ours: no name is decoded, trimmed or normalised into another. */

import { parseCookie } from 'cookie'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { flask } from '../../src/flask/flask.ts'
import { cookieValues } from '../../src/http/cookie.ts'
import { createSessions, type Sessions } from '../../src/index.ts'
import { SECRET, Visitor } from '../session/visitor.ts'
import { KINDS } from './kinds.ts'
import { TELLING_NAMES } from './telling-names.ts'
import { expectQuick } from '../processor-time.ts'

const NAME = '__Host-x'

/** A signed-in visitor's genuine cookie under a name of the app's choice, and the app. */
async function genuine(
  make: (typeof APPS)[number],
): Promise<{ sessions: Sessions<any>; value: string }> {
  const sessions = make.sessions()
  const visitor = new Visitor(sessions)
  await visitor.visit((session) => session.login('u1'))
  return { sessions, value: visitor.cookie!.slice(NAME.length + 1) }
}

const APPS = [
  ...KINDS.filter(({ name }) => !name.startsWith('Flask')).map(({ name, app }) => ({
    name,
    sessions: () => app({ name: NAME, more: { cookie: { name: NAME, secure: true } } }).sessions,
  })),
  {
    name: "Flask's preset",
    sessions: () =>
      createSessions<any>(
        flask({ SECRET_KEY: SECRET, SESSION_COOKIE_NAME: NAME, SESSION_COOKIE_SECURE: true }),
      ),
  },
]

describe.each(APPS)('$name: a genuine value', (app) => {
  test('opens under its own name, with the blanks that the grammar has around it', async () => {
    const { sessions, value } = await genuine(app)
    for (const header of [
      `${NAME}=${value}`,
      `a=b; ${NAME}=${value}; c=d`,
      `a=b;${NAME}=${value};c=d`,
      `\t ${NAME} = ${value}\t`,
      `a; ; =; =b; ${NAME}=${value}`,
    ]) {
      expect((await sessions.open(header)).userId, header).toBe('u1')
    }
  })

  // Beside its own name as a value, or a reader that looks for it first would see nothing to read.
  test('does not open under a name that is merely taken for it elsewhere', async () => {
    const { sessions, value } = await genuine(app)
    const names = [
      '%5F_Host-x',
      '%5f%5fHost-x',
      '__Host%2Dx',
      '__Host-%78',
      '\\137_Host-x',
      '"__Host-x"',
      '__Host-x[]',
      '__Host-x.',
      '.__Host-x',
      '__Host.x',
      '__Host-x\u0000',
      '\u2000__Host-x',
      '\u00a0__Host-x',
      '\ufeff__Host-x',
      '\u0085__Host-x',
      '\uff3f\uff3fHost-x',
      '__Ho\u017ft-x',
      '__Host\u2010x',
      '__Host-x\u0301',
      '__Host-x\u200b',
      '=__Host-x',
      '$__Host-x',
      'Cookie: __Host-x',
    ]
    for (const name of names) {
      for (const header of [`${name}=${value}`, `a=${NAME}; ${name}=${value}`]) {
        expect((await sessions.open(header)).userId, JSON.stringify(header)).toBeUndefined()
      }
    }
  })

  test('does not open under its name in another case', async () => {
    const { sessions, value } = await genuine(app)
    for (const name of ['__host-x', '__HOST-x', '__Host-X', '__hOST-x']) {
      expect((await sessions.open(`a=${NAME}; ${name}=${value}`)).isNew, name).toBe(true)
    }
  })

  test('does not open inside something else', async () => {
    const { sessions, value } = await genuine(app)
    for (const header of [
      `$Version=1, ${NAME}=${value}`,
      `a=b, ${NAME}=${value}`,
      `a=b&${NAME}=${value}`,
      `a=b ${NAME}=${value}`,
      // Only Werkzeug reads a quoted pair as one cookie; to browsers it ends at the semicolon.
      ...(app.name === "Flask's preset"
        ? [`a="; ${NAME}=${value}; "`, `a="b\\"; ${NAME}=${value}"`]
        : []),
      `a=b\r\n${NAME}=${value}`,
      `a=b\u0000; x${NAME}=${value}`,
    ]) {
      expect((await sessions.open(header)).userId, JSON.stringify(header)).toBeUndefined()
    }
  })

  test('no character around the name belongs to it, save those that part and pad pairs', async () => {
    const { sessions, value } = await genuine(app)
    const before: number[] = []
    const after: number[] = []
    // What a header can hold: Node gives each byte as one character.
    for (let code = 0; code <= 0xff; code++) {
      const c = String.fromCharCode(code)
      if (!(await sessions.open(`a=b; ${c}${NAME}=${value}`)).isNew) before.push(code)
      if (!(await sessions.open(`${NAME}${c}=${value}`)).isNew) after.push(code)
    }
    expect(before).toEqual([0x09, 0x20, 0x3b])
    // A second equals sign belongs to the value, and the value is not ours then.
    expect(after).toEqual([0x09, 0x20])
  })

  test('opens beside names that mean something to objects', async () => {
    const { sessions, value } = await genuine(app)
    const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'then']
    const jar = names.map((name) => `${name}={"userId":"evil"}; ${name}[x]=1`).join('; ')
    for (const header of [`${jar}; ${NAME}=${value}`, `${NAME}=${value}; ${jar}`]) {
      expect((await sessions.open(header)).userId).toBe('u1')
    }
    expect((await sessions.open(jar)).userId).toBeUndefined()
    expect(({} as { userId?: string }).userId).toBeUndefined()
  })
})

describe('names that mean something to objects are names like any other', () => {
  test.each(TELLING_NAMES)('%s', async (name) => {
    for (const { app } of KINDS) {
      const visitor = new Visitor(app({ name }).sessions)
      await visitor.visit((session) => session.login('u1'))
      expect(visitor.cookie).toMatch(new RegExp(`^${name}=.`))
      expect(await visitor.read((session) => session.userId)).toBe('u1')
      expect((await visitor.sessions.open('other=x')).userId).toBeUndefined()
    }
    expect(cookieValues('a=b', name)).toEqual([])
  })
})

describe('the cookie package agrees', () => {
  test('on unruly headers, wherever it does not decode', () => {
    const header = fc.string({
      unit: fc.constantFrom(...'ab==;;; \t,$%[].:\u0000é\u00a0'),
      maxLength: 40,
    })
    const name = fc.constantFrom('a', 'b', 'ab', 'a,', '$a', '%', '[', 'é', 'a\u0000', '=')
    fc.assert(
      fc.property(header, name, (text, asked) => {
        const decode = (value: string) => (value === '' ? undefined : value)
        const ours = cookieValues(text, asked).find((value) => value !== '')
        expect(ours).toBe(parseCookie(text, { decode })[asked])
      }),
      { numRuns: 50_000, seed: 3 },
    )
  })
})

const PIECES = [
  'session',
  'session=',
  'session=;',
  'session="',
  'session="\\',
  '=',
  ';',
  ' ',
  '"',
  'a=b;',
  'session=.;',
  'session=a.b.c;',
  'session="\\056";',
  '\u00ff',
  '\u0000',
  'session=\t',
  '.',
]

describe.each(KINDS)('$name: a header of 16 KB', ({ app }) => {
  const fill = (piece: string) => piece.repeat(Math.ceil(16_384 / piece.length))

  test.each(PIECES)('of %j opens nothing, asks no store, and takes no time', async (piece) => {
    const { sessions, calls } = app()
    await sessions.open(fill(piece))
    await expectQuick(
      async () => {
        const session = await sessions.open(fill(piece))
        expect([session.isNew, session.size]).toEqual([true, 0])
      },
      piece,
      // Far above what it takes, far below what a quadratic reading takes.
      { loops: 5 },
    )
    expect(calls()).toBe(0)
  })

  test('or 10 000 pairs before the real one does not keep its owner out', async () => {
    const kind = app()
    const value = await kind.cookieOf((session) => session.login('u1'))
    const pairs = Array.from({ length: 10_000 }, (_, at) => `n${at}=v${at}`).join('; ')
    const before = kind.calls()
    expect((await kind.sessions.open(`${pairs}; session=${value}`)).userId).toBe('u1')
    expect(kind.calls() - before).toBeLessThanOrEqual(1)
  })

  test('with 1 000 forged cookies of our name costs bounded work', async () => {
    const kind = app()
    const value = await kind.cookieOf((session) => session.login('u1'))
    const forged = Array.from(
      { length: 1000 },
      (_, at) => `session=${value.slice(0, -4)}${at.toString(36).padStart(4, '-')}`,
    ).join('; ')
    const before = kind.calls()
    await expectQuick(async () => expect((await kind.sessions.open(forged)).isNew).toBe(true))
    expect(kind.calls()).toBe(before)
  })
})
