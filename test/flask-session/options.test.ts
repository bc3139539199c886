/** The settings of `flaskSession()`: what is refused at start-up, and what the policy says. */

import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { flaskSession, type FlaskSessionConfig } from '../../src/flask/session/flask-session.ts'
import { createSessions, type SessionOptions } from '../../src/index.ts'
import { SECRET_KEY, tables } from './recorded.ts'

const db = new DatabaseSync(':memory:')
db.exec(tables[0]!.ddl[0]!.replace(tables[0]!.table, 'sessions'))
const given = { SECRET_KEY, SESSION_SQLALCHEMY: db }

const made = (config: object, options: Partial<SessionOptions> = {}) =>
  createSessions({ ...flaskSession({ ...given, ...config } as FlaskSessionConfig), ...options })

describe('flaskSession() refuses at start-up', () => {
  it.each([
    ['a setting that it does not know', { SESSION_FILE_DIR: 'x' }, /SESSION_FILE_DIR.*not known/],
    ['no client', { SESSION_SQLALCHEMY: undefined }, /SESSION_REDIS.*is missing/],
    ['a type without its client', { SESSION_TYPE: 'redis' }, /SESSION_REDIS.*is missing/],
    ['another type', { SESSION_TYPE: 'mongodb' }, /SESSION_TYPE/],
    ['another format', { SESSION_SERIALIZATION_FORMAT: 'pickle' }, /SESSION_SERIALIZATION_FORMAT/],
    ['an id that can be guessed', { SESSION_ID_LENGTH: 8 }, /SESSION_ID_LENGTH.*from 16 to 128/],
    ['half a byte', { SESSION_ID_LENGTH: 32.5 }, /SESSION_ID_LENGTH/],
    ['milliseconds', { PERMANENT_SESSION_LIFETIME: 2_678_400_000 }, /in seconds/],
    ['a lifetime that is over at once', { PERMANENT_SESSION_LIFETIME: 0 }, /LIFETIME.*positive/],
    ['a lifetime before now', { PERMANENT_SESSION_LIFETIME: -60 }, /LIFETIME.*positive/],
    ['two clients without a type', { SESSION_REDIS: {} }, /SESSION_TYPE.*Two clients are given/],
    ['a flag that is text', { SESSION_USE_SIGNER: 'yes' }, /SESSION_USE_SIGNER.*boolean/],
    ['a partitioned cookie', { SESSION_COOKIE_PARTITIONED: true }, /ignored by Flask-Session/],
    ['a table that ends its quotes', { SESSION_SQLALCHEMY_TABLE: 'x"; --' }, /TABLE.*not a name/],
    ['an empty table', { SESSION_SQLALCHEMY_TABLE: '' }, /TABLE.*not a name/],
    ['a client of Bun', { SESSION_SQLALCHEMY: undefined, SESSION_REDIS: bun() }, /return bytes/],
    ['no client of Redis', { SESSION_SQLALCHEMY: undefined, SESSION_REDIS: {} }, /client/],
    ['MAX_COOKIE_SIZE', { MAX_COOKIE_SIZE: 1 }, /MAX_COOKIE_SIZE.*only an id/],
  ])('%s', (_what, config, why) => {
    expect(() => made(config)).toThrow(why)
    expect(() => made(config)).toThrow(expect.objectContaining({ code: 'ERR_OPTION_INVALID' }))
  })

  it('options of createSessions that Flask could not follow', () => {
    const tag = { key: ' x', test: () => false, encode: () => 0, decode: () => 0 } as never
    for (const options of [
      { encrypt: true },
      { audience: 'shop' },
      { lifetime: { idle: '1h' } },
      { cookie: { name: 'x' } },
      { tags: [tag] },
      { maxBytes: 1000 },
    ] as Partial<SessionOptions>[]) {
      expect(() => made({}, options)).toThrow(/cannot be combined with flaskSession\(\)/)
    }
  })

  it('a missing SECRET_KEY, as in Flask with SESSION_USE_SIGNER', () => {
    expect(() => made({ SECRET_KEY: undefined })).toThrow(
      expect.objectContaining({ code: 'ERR_SECRET_MISSING' }),
    )
  })
})

describe('flaskSession()', () => {
  it('tells a security review what it is', () => {
    const policy = made({ SESSION_USE_SIGNER: true, SESSION_ID_LENGTH: 16 }).describePolicy()
    expect(policy).toMatchObject({
      backend: 'SQLite',
      format: 'flask-session',
      algorithms: { cookie: "HMAC-SHA-1 (Flask-Session's) over a random id of 128 bits" },
      cookie: { name: 'session', httpOnly: true, secure: false, sameSite: null },
      lifetime: { idle: 2_678_400, permanent: 2_678_400 },
    })
    expect(made({}).describePolicy().algorithms['cookie']).toBe('none: a random id of 256 bits')
  })

  it('the first of several cookies counts, as in Flask', async () => {
    const sessions = made({})
    const [one, two] = await Promise.all(
      ['one', 'two'].map(async (name) => {
        const session = await sessions.open(undefined)
        session.set('name', name)
        return (await session.commit()).get('set-cookie')!.split(';')[0]
      }),
    )
    expect((await sessions.open(`${one}; ${two}`)).get('name')).toBe('one')
    expect((await sessions.open(`session=unknown; ${two}`)).isNew).toBe(true)
  })

  it('an id that a previous secret signed is accepted, and signed again under the current one', async () => {
    const signed = { SESSION_USE_SIGNER: true, SECRET_KEY: 'former-secret-key-4e1f' }
    const session = await made(signed).open(undefined)
    session.set('a', 1)
    const cookie = (await session.commit()).get('set-cookie')!.split(';')[0]!
    const now = made({ ...signed, SECRET_KEY, SECRET_KEY_FALLBACKS: [signed.SECRET_KEY] })
    const again = await now.open(cookie)
    again.set('a', 2)
    const line = (await again.commit()).get('set-cookie')!
    expect(line.split('.')[0]).toBe(cookie.split('.')[0])
    expect((await made({ ...signed, SECRET_KEY }).open(line.split(';')[0])).get('a')).toBe(2)
    expect((await made({ ...signed, SECRET_KEY }).open(cookie)).isNew).toBe(true)
  })

  it('a tampered signature, and an id without one, stay out', async () => {
    const signed = { SESSION_USE_SIGNER: true }
    const session = await made(signed).open(undefined)
    session.set('a', 1)
    const cookie = (await session.commit()).get('set-cookie')!.split(';')[0]!
    const [id, signature] = cookie.split('.') as [string, string]
    const last = signature.at(-1) === 'A' ? 'B' : 'A'
    for (const other of [
      id,
      `${id}.`,
      `${id}.${signature.slice(0, -1)}${last}`,
      `${id}x.${signature}`,
    ]) {
      expect((await made(signed).open(other)).isNew, other).toBe(true)
    }
    expect((await made(signed).open(cookie)).isNew).toBe(false)
  })
})

/** A client of Bun, by its shape. */
function bun() {
  return { duplicate() {}, send: () => Promise.resolve(null) }
}
