/** `describePolicy()`: the resolved options as plain data, for a security review. */

import type { StoredBackend, StorePolicy } from '../../backends/store-backend.ts'
import { ENVELOPE_ALGORITHM } from '../../crypto/encrypted.ts'
import type { EncryptionSchedule } from '../../crypto/sealer.ts'
import type { Weakness } from '../../crypto/weak-secrets.ts'
import { type AssuranceLevel, assuranceLevelOf } from './assurance.ts'
import type { SchemaOptions } from '../schema/schema-options.ts'
import type { FormerPolicy } from './former-sides.ts'
import type { PresetRules } from './preset.ts'

/** The resolved options of an app, as frozen plain data without secrets, ids or values. Durations are in seconds. */
export interface Policy {
  /** `'cookie'`, or the engine of the store. */
  readonly backend: string
  /** The format: 'sojourn', or the name of a preset such as 'flask'. */
  readonly format: string
  /** The attributes of the session cookie. */
  readonly cookie: {
    /** Its name. */
    readonly name: string
    /** The host that, with its subdomains, receives it; `null` for the one that set it only. */
    readonly domain: string | null
    /** The path below which browsers send it. */
    readonly path: string
    /** Whether it is hidden from scripts. */
    readonly httpOnly: boolean
    /** Whether browsers send it over HTTPS only. */
    readonly secure: boolean
    /** Whether requests from other sites carry it; `null` for no attribute. */
    readonly sameSite: 'Strict' | 'Lax' | 'None' | null
    /** Whether there is one per top-level site. */
    readonly partitioned: boolean
  }
  /** The timeouts, in seconds. */
  readonly lifetime: {
    /** Idle timeout. */
    readonly idle: number
    /** Idle timeout of permanent sessions. */
    readonly permanent: number
    /** Absolute timeout; `null` for none. */
    readonly absolute: number | null
    /** Idle timeout of anonymous sessions; `null` if they have none of their own. */
    readonly anonymous: number | null
    /** The highest level of NIST SP 800-63B that these timeouts meet; `null` for none. */
    readonly assuranceLevel: AssuranceLevel | null
  }
  /** The most bytes of a session: see the option. `null` for no limit, as for `expressSession`. */
  readonly maxBytes: number | null
  /** How many secrets there are, and what is weak about them; never a secret. */
  readonly secrets: {
    /** How many there are, the current one included. */
    readonly count: number
    /** What is weak about them. */
    readonly weaknesses: readonly Weakness[]
  }
  /** Whether the option `audience` is set. */
  readonly audience: boolean
  /** What is encrypted, and since when. */
  readonly encryption: {
    /** What is encrypted from `from` on. */
    readonly of: 'cookie' | 'rows' | 'nothing'
    /** ISO 8601: until then unencrypted sessions are still accepted. */
    readonly migrateUntil: string | null
    /** ISO 8601: before it nothing is encrypted; `null` for immediately. */
    readonly from: string | null
  }
  /** Each purpose and its algorithm: a cryptographic inventory. */
  readonly algorithms: Readonly<Record<string, string>>
  /** The options of the store; `null` for sessions in the cookie. */
  readonly store: StorePolicy | null
  /** How stored data is checked; `null` for any data. */
  readonly data: DataPolicy | null
  /** The former sides whose sessions are accepted until a date. */
  readonly formerly: readonly FormerPolicy[]
  /** Whether development warnings are printed on the console; never in production. */
  readonly hints: boolean
}

/** How stored data is checked. */
interface DataPolicy {
  /** Whether there is a schema. */
  readonly schema: boolean
  /** The version of the data; `null` if it has none. */
  readonly version: number | null
  readonly onInvalid: 'drop' | 'error'
}

/** The facts from which the policy is made. */
export interface PolicyFacts {
  preset: Pick<PresetRules, 'name' | 'algorithms' | 'cookie' | 'lifetime'> & {
    engine?: string | undefined
  }
  secrets: readonly unknown[]
  weaknesses: readonly Weakness[]
  audience: string
  /** Infinity: no limit. */
  maxBytes: number
  /** `undefined`: nothing is encrypted. */
  encryption: EncryptionSchedule | undefined
  /** `undefined`: the cookie carries the session. */
  store: ({ engine: string } & Pick<StoredBackend, 'policy' | 'algorithms'>) | undefined
  data: Pick<SchemaOptions, 'schema' | 'version' | 'onInvalid'>
  hints: boolean
  formerly: readonly FormerPolicy[]
}

/** Makes the policy. */
export function policyOf(facts: PolicyFacts): Policy {
  const { preset, secrets, weaknesses, audience, maxBytes, encryption, store, hints } = facts
  const {
    name,
    domain = null,
    path,
    httpOnly,
    secure,
    sameSite = null,
    partitioned,
  } = preset.cookie
  const { idle, permanent, absolute, anonymous } = preset.lifetime
  const encrypted = encryption ? (store ? 'rows' : 'cookie') : 'nothing'
  return frozen({
    backend: store?.engine ?? preset.engine ?? 'cookie',
    format: preset.name,
    cookie: { name, domain, path, httpOnly, secure, sameSite, partitioned },
    lifetime: {
      idle: idle / 1000,
      permanent: permanent / 1000,
      absolute: absolute === undefined ? null : absolute / 1000,
      anonymous: anonymous === undefined ? null : anonymous / 1000,
      assuranceLevel: assuranceLevelOf(preset.lifetime),
    },
    maxBytes: Number.isFinite(maxBytes) ? maxBytes : null,
    secrets: { count: secrets.length, weaknesses: [...weaknesses] },
    audience: audience !== '',
    encryption: {
      of: encrypted,
      migrateUntil: iso(encryption?.migrateUntil),
      from: iso(encryption?.from || undefined),
    },
    algorithms: algorithmsOf(facts, encrypted),
    store: store?.policy ?? null,
    data: dataPolicy(facts.data),
    formerly: facts.formerly,
    hints,
  })
}

function algorithmsOf(
  { preset, encryption, store }: PolicyFacts,
  encrypted: Policy['encryption']['of'],
): Policy['algorithms'] {
  if (preset.algorithms) return preset.algorithms
  const keys = 'HMAC-SHA-256'
  const csrf = 'HMAC-SHA-256'
  if (store) return { ...store.algorithms, csrf, keys }
  const migrating = encryption?.migrateUntil === undefined ? '' : '; HMAC-SHA-256 while migrating'
  const cookie = encrypted === 'cookie' ? ENVELOPE_ALGORITHM + migrating : 'HMAC-SHA-256'
  return { cookie, csrf, keys }
}

function dataPolicy({ schema, version, onInvalid = 'drop' }: PolicyFacts['data']) {
  if (schema === undefined && version === undefined) return null
  return { schema: schema !== undefined, version: version ?? null, onInvalid }
}

function iso(time: number | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString()
}

/** Freezes an object and everything in it, because all callers get the same policy. */
function frozen<Plain extends object>(plain: Plain): Plain {
  for (const part of Object.values(plain) as unknown[]) {
    if (typeof part === 'object' && part !== null) frozen(part)
  }
  return Object.freeze(plain)
}
