/** What real Flask-Session was recorded to do: bytes, signed ids, and requests with their replies. */

import { readFileSync } from 'node:fs'

/** A session in both formats, as msgspec writes it. */
export interface SerializerFixture {
  name: string
  msgpack_hex: string
  json_hex: string
}

/** One request and its reply, and what was in Redis afterwards. */
export interface RecordedStep {
  path: '/none' | '/set' | '/get' | '/flash' | '/flashed' | '/clear'
  status: number
  body: string | null
  set_cookie: string[]
  vary: string[]
  redis: { key: string; value_hex: string; ttl: number }[]
}

/** Requests of one visitor to one app. */
export interface RecordedRun {
  name: string
  config: Record<string, unknown>
  steps: RecordedStep[]
}

/** A row of SQLAlchemy's table. */
export interface RecordedTable {
  engine: 'sqlite' | 'postgresql'
  format: 'msgpack' | 'json'
  table: string
  ddl: string[]
  set_cookie: string
  row: { session_id: string; data_hex: string; expiry: string; types: string[] }
}

/** Everything that was recorded on the wire. */
export const wire = read('wire.json') as {
  serializer_fixtures: SerializerFixture[]
  sid_signing: { secret_key: string; sid: string; signed: string }[]
  recorded_flask_session_0_8_0: { runs: RecordedRun[] }
  recorded_flask_session_0_3_2: { runs: RecordedRun[] }
}

/** The tables, each with one row. */
export const tables = (read('sqlalchemy.json') as { runs: RecordedTable[] }).runs

/** The secret of the recorded apps. */
export const SECRET_KEY = 'oracle-secret-key'

/** Bytes of their hexadecimal digits. */
export function bytesOf(hex: string): Buffer {
  return Buffer.from(hex, 'hex')
}

function read(name: string): unknown {
  const url = new URL(`../fixtures/flask-session/${name}`, import.meta.url)
  return JSON.parse(readFileSync(url, 'utf8'))
}
