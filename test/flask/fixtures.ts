/** The recorded cases: those of the repository, and those of the folder FLASK_CASES names. */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Typed } from './typed.ts'

export interface Vector {
  name: string
  api?: string
  cookie?: string | null
  signed?: string
  sep?: string
  json?: string
  secret_keys?: Bytes[]
  salt?: Bytes | null
  digest?: string
  key_derivation?: 'hmac' | 'concat' | 'django-concat' | 'none'
  timestamp?: number | null
  now?: number
  max_age?: number | null
  payload_json?: string | null
  input?: Typed
  encode?: 'exact' | 'exact-after-inflate' | null
  expect: { outcome: string; value?: Typed; date_signed?: number }
  flask_open_session?: { outcome: string; value?: Typed; permanent?: boolean }
}

/** Bytes as the cases spell them. */
export type Bytes = { utf8: string } | { b64: string }

export function bytesOf(bytes: Bytes): Uint8Array {
  return 'utf8' in bytes ? Buffer.from(bytes.utf8, 'utf8') : Buffer.from(bytes.b64, 'base64')
}

export type Op = [string, ...any[]]

export interface Step {
  at: number
  method: string
  path: string
  request_cookie: string | null
  request_headers: Record<string, string>
  set_config?: Record<string, unknown>
  base_url?: string
  expect: {
    status: number
    body: string | null
    location: string | null
    vary: string[]
    set_cookie: {
      raw: string
      name: string
      compressed?: boolean
      attribute_string: string
      payload_json?: string
    }[]
  }
}

export interface Scenario {
  name: string
  config: Record<string, unknown>
  secret_key: string | null
  hooks?: Record<string, Op[]>
  errorhandlers?: Record<string, Op[]>
  steps: Step[]
  routes: Record<string, Op[]>
}

const folders = [
  ...['../fixtures/flask', '../fixtures/flask/more'].map((folder) =>
    fileURLToPath(new URL(folder, import.meta.url)),
  ),
  ...(process.env['FLASK_CASES'] ? [process.env['FLASK_CASES']] : []),
]

function read<File>(name: string): File[] {
  return folders
    .map((folder) => join(folder, name))
    .filter((path) => existsSync(path))
    .map((path) => JSON.parse(readFileSync(path, 'utf8')) as File)
}

export const vectors: Vector[] = read<{ vectors: Vector[] }>('vectors.json').flatMap(
  (file) => file.vectors,
)

export const scenarios: Scenario[] = read<{
  routes: Record<string, Op[]>
  scenarios: Omit<Scenario, 'routes'>[]
}>('behaviour.json').flatMap(({ routes, scenarios }) =>
  scenarios.map((scenario) => ({ ...scenario, routes })),
)
