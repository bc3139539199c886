/** `flaskSession()`: options for `createSessions` from Flask-Session's configuration, to share its store. */

import { foreignBackend } from '../../backends/foreign/foreign-backend.ts'
import type { ForeignStore } from '../../backends/foreign/foreign-store.ts'
import { invalid, oneOf, refuseUnknown } from '../../base/options.ts'
import { type Clock, systemTimer } from '../../base/ports.ts'
import { isPermanent, type Layout, type SessionRecord } from '../../record/record.ts'
import type { SessionOptions } from '../../session/setup/options.ts'
import type { BackendPreset } from '../../session/setup/preset.ts'
import type { PostgresClient } from '../../stores/postgres/client.ts'
import type { RedisClient } from '../../stores/redis/client.ts'
import type { SqliteDatabase } from '../../stores/sqlite/client.ts'
import {
  checkTypes,
  FLASK_TYPES,
  type FlaskSettings,
  rulesOf,
  secretsOf,
  type Types,
} from '../settings.ts'
import { flaskSessionIds } from './ids.ts'
import { flaskSessionLayout, type Format } from './layout.ts'
import { flaskSessionPostgres } from './postgres.ts'
import { flaskSessionRedis } from './redis.ts'
import { type Serializer, serializerOf } from './serializer.ts'
import { flaskSessionSqlite } from './sqlite.ts'
import { tableName } from './table.ts'

export { float, type Float, isFloat } from '../../record/text/values.ts'
export type { PostgresClient } from '../../stores/postgres/client.ts'
export type { RedisClient } from '../../stores/redis/client.ts'
export type { SqliteDatabase } from '../../stores/sqlite/client.ts'
export type { FlaskSettings } from '../settings.ts'

/** The settings of Flask-Session 0.8 and of Flask, with their names, defaults and units. */
export interface FlaskSessionConfig extends FlaskSettings {
  /** `'sqlalchemy'` is PostgreSQL or SQLite. Required only if both clients are given. @default that of the client */
  SESSION_TYPE?: 'redis' | 'sqlalchemy'
  /** A connected client of node-redis, ioredis or iovalkey. @default none */
  SESSION_REDIS?: RedisClient | undefined
  /** A client: a Pool of `pg`, `postgres`, PGlite, or a database of SQLite. @default none */
  SESSION_SQLALCHEMY?: PostgresClient | SqliteDatabase | undefined
  /** The name of the table, which Flask-Session creates. @default 'sessions' */
  SESSION_SQLALCHEMY_TABLE?: string
  /** The schema of the table. @default that of the connection */
  SESSION_SQLALCHEMY_SCHEMA?: string | null
  /** The beginning of every key in the store. @default 'session:' */
  SESSION_KEY_PREFIX?: string
  /** The format in which sessions are written. Both are read. Pickle (up to version 0.6) is not. @default 'msgpack' */
  SESSION_SERIALIZATION_FORMAT?: Format
  /** Whether the session id in the cookie is signed. Deprecated in Flask-Session. @default false */
  SESSION_USE_SIGNER?: boolean
  /** Whether new sessions are permanent: their cookie stays when the browser is closed. @default true */
  SESSION_PERMANENT?: boolean
  /** The number of random bytes in a session id, 16 to 128. @default 32 */
  SESSION_ID_LENGTH?: number
}

/**
 * Returns options for `createSessions` that read and write the sessions of a Flask app with
 * Flask-Session 0.7 or 0.8, in Redis or in a table of SQLAlchemy.
 *
 * @throws ERR_OPTION_INVALID for an unknown setting, or a value of the wrong type
 *
 * @example
 * import { createClient } from 'redis'
 * import { createSessions } from 'sojourn'
 * import { flaskSession } from 'sojourn/flask-session'
 * const client = await createClient().connect()
 * const sessions = createSessions(
 *   flaskSession({ SECRET_KEY: process.env.SECRET_KEY, SESSION_REDIS: client }),
 * )
 */
export function flaskSession(config: FlaskSessionConfig): SessionOptions {
  if (typeof config !== 'object' || config === null) throw invalid('config', 'has to be an object')
  refuseUnknown(config, NAMES, '', INSTEAD)
  return { secret: secretsOf(config), preset: presetOf(config) }
}

function presetOf(config: FlaskSessionConfig): BackendPreset {
  const {
    SESSION_SERIALIZATION_FORMAT: format = 'msgpack',
    SESSION_USE_SIGNER: signs = false,
    SESSION_PERMANENT: isPermanentAtFirst = true,
    SESSION_ID_LENGTH: bytes = 32,
  } = config
  checkTypes(config, TYPES)
  oneOf(format, ['msgpack', 'json'], 'SESSION_SERIALIZATION_FORMAT')
  if (!Number.isSafeInteger(bytes) || bytes < 16 || bytes > 128) {
    throw invalid('SESSION_ID_LENGTH', 'has to be a whole number from 16 to 128')
  }
  if (config.SESSION_COOKIE_PARTITIONED) {
    throw invalid('SESSION_COOKIE_PARTITIONED', 'is ignored by Flask-Session: leave it out')
  }
  // Redis refuses such a time to live, and a row in SQL would expire at once.
  if ((config.PERMANENT_SESSION_LIFETIME ?? 1) <= 0) {
    throw invalid('PERMANENT_SESSION_LIFETIME', 'has to be positive: no session would be saved')
  }
  const rules = rulesOf(config)
  const { renewsUnasked: refresh, cookieValues, lifetime } = rules
  const storeOf = storeMaker(config)
  return {
    ...rules,
    name: 'flask-session',
    engine: storeOf.engine,
    algorithms: {
      cookie: `${signs ? "HMAC-SHA-1 (Flask-Session's) over" : 'none:'} a random id of ${bytes * 8} bits`,
      rows: `none: ${format}`,
    },
    // Flask reads the first one.
    cookieValues: (header, name) => cookieValues(header, name).slice(0, 1),
    conflicts: CONFLICTS,
    backend({ secrets, tags, clock, writer, withSchema }) {
      if (tags.length > 0) throw invalid('tags', `${WITH}: its formats have no tags`)
      const layout = withSchema(flaskSessionLayout(format, isPermanentAtFirst))
      const remains = lifetime.idle
      const staysOpen = (record: SessionRecord) => isPermanent(record, layout)
      return foreignBackend({
        store: storeOf.make(serializerOf(format, layout.codec), clock),
        ids: flaskSessionIds(bytes, signs ? secrets : undefined),
        layout,
        writer,
        lifetime: {
          // Not `<=`: a time that cannot be read is NaN, and has to count as expired.
          ended: (_, { expiresAt = Infinity }, now) => (expiresAt > now ? undefined : 'expired'),
          of: (record, now) => ({
            expiresAt: now + remains,
            keepFor: staysOpen(record) ? remains : undefined,
          }),
          extends: () => refresh,
          setsCookie: (record, isChanged) => isChanged || (refresh && staysOpen(record)),
        },
        isEmpty: (record) => isEmpty(record, layout),
        maxBytes: MAX_BYTES,
        deadline: DEADLINE_MS,
        clock,
        timer: systemTimer,
      })
    },
  }
}

/** The most bytes of a session's text. */
const MAX_BYTES = 786_000

/** How long one call of the store may take. In milliseconds. */
const DEADLINE_MS = 1_000

/** Whether a session has nothing but `_permanent`: then it is not saved. */
function isEmpty({ data }: SessionRecord, { names }: Layout): boolean {
  return data.size === 0 || (data.size === 1 && data.has(names.permanent))
}

interface StoreMaker {
  readonly engine: string
  make(serializer: Serializer, clock: Clock): ForeignStore
}

/** @throws ERR_OPTION_INVALID unless there is one client, of the type that is named */
function storeMaker(config: FlaskSessionConfig): StoreMaker {
  const { SESSION_REDIS: redis, SESSION_SQLALCHEMY: sql } = config
  const { SESSION_KEY_PREFIX: prefix = 'session:' } = config
  if (redis !== undefined && sql !== undefined && config.SESSION_TYPE === undefined) {
    throw invalid(
      'SESSION_TYPE',
      "is missing. Two clients are given: write 'redis' or 'sqlalchemy'",
    )
  }
  const type = config.SESSION_TYPE ?? (sql === undefined ? 'redis' : 'sqlalchemy')
  oneOf(type, ['redis', 'sqlalchemy'], 'SESSION_TYPE')
  if (type === 'redis') {
    if (redis === undefined) throw invalid('SESSION_REDIS', 'is missing. Pass a connected client')
    return {
      engine: 'Redis',
      make: (serializer, clock) => flaskSessionRedis(redis, { prefix, clock, serializer }),
    }
  }
  if (sql === undefined)
    throw invalid('SESSION_SQLALCHEMY', 'is missing. Pass a pool or a database')
  const { SESSION_SQLALCHEMY_TABLE: name = 'sessions', SESSION_SQLALCHEMY_SCHEMA: schema } = config
  const table = tableName(schema, name)
  return isSqlite(sql)
    ? {
        engine: 'SQLite',
        make: (serializer) => flaskSessionSqlite(sql, { table, prefix, serializer }),
      }
    : {
        engine: 'PostgreSQL',
        make: (serializer) => flaskSessionPostgres(sql, { table, prefix, serializer }),
      }
}

function isSqlite(client: PostgresClient | SqliteDatabase): client is SqliteDatabase {
  return typeof client === 'object' && client !== null && 'prepare' in client
}

const WITH = 'cannot be combined with flaskSession()'

const CONFLICTS: NonNullable<BackendPreset['conflicts']> = [
  ['store', `${WITH}, which has a store: pass SESSION_REDIS or SESSION_SQLALCHEMY`],
  ['encrypt', `${WITH}: Flask could not read the session`],
  ['audience', `${WITH}: pass SESSION_KEY_PREFIX to flaskSession()`],
  ['lifetime', `${WITH}: pass PERMANENT_SESSION_LIFETIME to flaskSession()`],
  ['maxBytes', `${WITH}: Flask-Session has no such limit`],
  ['version', `${WITH}: the session has no place for a number. Use a key`],
  ['cookie', `${WITH}: pass SESSION_COOKIE_NAME and the like to flaskSession()`],
]

const TYPES: Types = {
  ...FLASK_TYPES,
  SESSION_SQLALCHEMY_TABLE: 'string',
  SESSION_SQLALCHEMY_SCHEMA: 'string',
  SESSION_KEY_PREFIX: 'string',
  SESSION_USE_SIGNER: 'boolean',
  SESSION_PERMANENT: 'boolean',
  SESSION_ID_LENGTH: 'number',
}

const NAMES: readonly string[] = [
  'SECRET_KEY',
  'SECRET_KEY_FALLBACKS',
  'SESSION_TYPE',
  'SESSION_SERIALIZATION_FORMAT',
  'SESSION_REDIS',
  'SESSION_SQLALCHEMY',
  ...Object.keys(TYPES),
]

/** Settings without a meaning here, and why. */
const INSTEAD: Readonly<Record<string, string>> = {
  MAX_COOKIE_SIZE: 'Leave it out: the cookie contains only an id',
  SESSION_CLEANUP_N_REQUESTS: 'Leave it out: Flask removes expired rows',
  SESSION_SQLALCHEMY_BIND_KEY: 'Pass the pool of that database as SESSION_SQLALCHEMY',
}
