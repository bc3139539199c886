/** The options of sessions kept in a store, their defaults and checks. */

import type { Deadlines } from '../../backends/stored/guard.ts'
import type { MemberLimit } from '../../backends/stored/members.ts'
import { type StoredBackend, storedBackend } from '../../backends/stored/stored.ts'
import { sessionIdFormat } from '../../backends/stored/session-id.ts'
import { type Duration, milliseconds } from '../../base/duration.ts'
import { backgroundTimer, systemRandom, systemTimer } from '../../base/ports.ts'
import type { SetCookieWriter } from '../../http/set-cookie.ts'
import type { Tag } from '../../record/text/tag.ts'
import type { Lifetime } from '../../record/lifetime.ts'
import type { SessionStore } from '../../backends/stored/store.ts'
import { type Encryption, type EncryptionContext, storeCipher } from './encryption.ts'
import { keysFor } from '../../crypto/keys.ts'
import { layoutWith } from './own-preset.ts'
import type { StoreRules } from './policy.ts'
import { invalid, refuseUnknown, requireObject } from '../explain/misuse.ts'

/** What only sessions in a store can have. Durations are `'15m'`, or milliseconds. */
export interface StoreOptions {
  /**
   * Where sessions are kept: `memoryStore()`, `sqliteStore(db)`, `redisStore(client)`,
   * `postgresStore(pool)`, or a store of your own. @default none: the cookie carries the session
   */
  store?: SessionStore | undefined
  /** Give a session a new id once this much time has passed. @default never */
  rotate?: Duration
  /** How long the old id opens once the new one was shown, for requests under way. @default '10s' */
  grace?: Duration
  /** What showing an id again that was renewed comes to: an event, or the session's end too. @default 'report' */
  onReplay?: 'report' | 'end'
  /** How many sessions a user may have at a time. @default any number */
  maxSessionsPerUser?: number
  /** What one more login comes to: ERR_SESSION_LIMIT, or the end of the oldest. @default 'evict-oldest' */
  onLimit?: 'reject' | 'evict-oldest'
  /**
   * What a store that does not answer comes to: ERR_STORE_UNAVAILABLE (503), or an empty session
   * that refuses to be written, for pages that anybody may see. @default 'error'
   */
  onUnavailable?: 'error' | 'anonymous-readonly'
  /**
   * How long to wait for the store: for one read, for one write, and for a request's turn where
   * others change the same session. At most `'1m'`.
   *
   * @default { read: '250ms', write: '500ms', commit: '1s' }
   */
  deadlines?: { read?: Duration; write?: Duration; commit?: Duration }
}

/** The names of these options. */
export const STORE_OPTIONS: readonly (keyof StoreOptions)[] = [
  'store',
  'rotate',
  'grace',
  'onReplay',
  'maxSessionsPerUser',
  'onLimit',
  'onUnavailable',
  'deadlines',
]

/** The verbs of a store; one that lacks any is none. */
const VERBS: readonly (keyof SessionStore)[] = [
  'read',
  'insert',
  'swap',
  'touch',
  'remove',
  'admit',
  'keep',
  'list',
  'forget',
  'keys',
  'prune',
  'check',
]

/** What the store's options are joined with. */
export interface StoredContext extends EncryptionContext {
  tags: readonly Tag[]
  lifetime: Lifetime
  writer: SetCookieWriter
  encryption: Encryption | undefined
}

/** Makes the backend on the store that was given. @throws ERR_OPTION_INVALID */
export function storedBackendOf(
  options: StoreOptions & { store: SessionStore },
  context: StoredContext,
): StoredBackend {
  const { secrets, scope, tags, lifetime, writer, clock, encryption } = context
  const { store } = options
  const missing = VERBS.filter(
    (verb) => typeof (store as Partial<SessionStore>)?.[verb] !== 'function',
  )
  if (missing.length > 0) {
    throw invalid('store', `is no store: it lacks ${missing.join(', ')}. Pass sqliteStore(db), say`)
  }
  if (typeof store.engine !== 'string') throw invalid('store', 'does not name its engine')
  const { rotate, grace, ...rest } = storeRulesOf(options)
  return storedBackend({
    store,
    ids: sessionIdFormat(keysFor(secrets, 'session id', scope)),
    writer,
    rules: {
      layout: layoutWith(tags),
      cipher: encryption && storeCipher(encryption, context),
      lifetime,
      rotate,
      grace,
    },
    ...rest,
    clock,
    timer: systemTimer,
    background: backgroundTimer,
    random: systemRandom,
  })
}

/** What the options come to. @throws ERR_OPTION_INVALID */
export function storeRulesOf(options: StoreOptions): StoreRules {
  const { onReplay = 'report', rotate, grace = '10s', deadlines = {} } = options
  oneOf(onReplay, ['report', 'end'], 'onReplay')
  const graceMs = milliseconds(grace, 'grace')
  const rotateMs = rotate === undefined ? undefined : milliseconds(rotate, 'rotate')
  if (rotateMs !== undefined && rotateMs <= graceMs) {
    throw invalid('rotate', 'has to be longer than grace, or requests under way lose their session')
  }
  return {
    rotate: rotateMs,
    grace: graceMs,
    onReplay,
    limit: limitOf(options),
    deadlines: deadlinesOf(deadlines),
  }
}

/** Refuses what means nothing without a store. @throws ERR_OPTION_INVALID */
export function refuseStoreOptions(options: StoreOptions): void {
  const given = STORE_OPTIONS.find((name) => options[name] !== undefined)
  if (given) throw invalid(given, 'needs a store: pass store: sqliteStore(db), say')
}

/** How a session opens while the store is away. @throws ERR_OPTION_INVALID */
export function onUnavailableOf({ onUnavailable = 'error' }: StoreOptions) {
  return oneOf(onUnavailable, ['error', 'anonymous-readonly'], 'onUnavailable')
}

function limitOf({
  maxSessionsPerUser: most,
  onLimit: given,
}: StoreOptions): MemberLimit | undefined {
  const onLimit = given ?? 'evict-oldest'
  oneOf(onLimit, ['reject', 'evict-oldest'], 'onLimit')
  if (most === undefined) {
    if (given) throw invalid('onLimit', 'means nothing without maxSessionsPerUser')
    return undefined
  }
  if (!Number.isSafeInteger(most) || most < 1) {
    throw invalid('maxSessionsPerUser', 'has to be a whole number, 1 or more')
  }
  return { most, onLimit }
}

function deadlinesOf(given: NonNullable<StoreOptions['deadlines']>): Deadlines {
  requireObject(given, 'deadlines')
  refuseUnknown(given, ['read', 'write', 'commit'], 'deadlines.')
  const { read = '250ms', write = '500ms', commit = '1s' } = given
  return {
    read: deadline(read, 'deadlines.read'),
    write: deadline(write, 'deadlines.write'),
    commit: deadline(commit, 'deadlines.commit'),
  }
}

/** Nobody waits longer for a page. */
const LONGEST_DEADLINE = 60_000

function deadline(given: Duration, option: string): number {
  const length = milliseconds(given, option)
  if (length > LONGEST_DEADLINE) throw invalid(option, "is at most '1m'")
  return length
}

function oneOf<Choice extends string>(given: Choice, choices: readonly Choice[], option: string) {
  if (choices.includes(given)) return given
  throw invalid(option, `has to be ${choices.map((choice) => `'${choice}'`).join(' or ')}`)
}
