/** Makes the backend on a store: the checks and defaults of its options. */

import { type Duration, milliseconds } from '../../base/duration.ts'
import { bytesUpTo, invalid, oneOf, refuseUnknown, requireObject } from '../../base/options.ts'
import { backgroundTimer, systemRandom, systemTimer } from '../../base/ports.ts'
import { encrypter, ENVELOPE_ALGORITHM } from '../../crypto/encrypted.ts'
import { fingerprintOf } from '../../crypto/fingerprint.ts'
import { keysFor } from '../../crypto/keys.ts'
import type {
  SessionLimit,
  StoredBackend,
  StoreOptions,
  StorePolicy,
  StoreRules,
  StoreSetup,
} from '../store-backend.ts'
import { type RowCipher, rowCipher } from './entry.ts'
import { sessionIdFormat } from './session-id.ts'
import { CLOCK_DIFFERENCE_MS, type StoreVerbs } from './store.ts'
import { storedBackend } from './stored.ts'
import { pruneAll, removeAll } from './upkeep.ts'

/** The verbs that every store has. */
const VERBS: readonly (keyof StoreVerbs)[] = [
  ...(['read', 'insert', 'swap', 'touch', 'remove'] as const),
  ...(['epoch', 'admit', 'keep', 'list', 'revoke', 'forget', 'erase'] as const),
  ...(['keys', 'prune', 'check'] as const),
]

/** @throws ERR_OPTION_INVALID if a verb is missing. */
export function checkVerbs(store: StoreVerbs): void {
  const missing = VERBS.filter((verb) => typeof store?.[verb] !== 'function')
  if (missing.length > 0) {
    throw invalid(
      'store',
      `is not a store: it lacks ${missing.join(', ')}. Pass one, such as sqliteStore(db)`,
    )
  }
  if (typeof store.engine !== 'string') throw invalid('store', 'does not name its engine')
}

/** Makes the backend on a store's verbs. @throws ERR_OPTION_INVALID */
export function backendOn(verbs: StoreVerbs, setup: StoreSetup): StoredBackend {
  checkVerbs(verbs)
  const { secrets, scope, layout, lifetime, writer, clock } = setup
  const storeRules = storeRulesOf(setup.options)
  const { rotate, grace, ...rest } = storeRules
  const cipher = cipherOf(setup)
  // The limit of a store, minus what precedes the record. Encryption turns three bytes into four.
  const mostBytes = cipher ? 786_000 : 1_048_000
  const maxBytes = bytesUpTo(setup.options.maxBytes, mostBytes, 'maxBytes', A_ROW)
  const { members, store, removals, ends, ...backend } = storedBackend({
    store: verbs,
    ids: sessionIdFormat(keysFor(secrets, 'session id', scope)),
    writer,
    rules: {
      layout,
      cipher,
      // Only servers write rows, so a time in the future comes from another server's clock.
      lifetime: { ...lifetime, leeway: CLOCK_DIFFERENCE_MS },
      maxBytes,
      rotate,
      grace,
      attributes: fingerprintOf(writer.attributes),
    },
    ...rest,
    clock,
    timer: systemTimer,
    background: backgroundTimer,
    random: systemRandom,
    onDropped: setup.onDropped,
  })
  return {
    ...backend,
    policy: policyOf(storeRules, setup.options),
    algorithms: {
      cookie: 'HMAC-SHA-256, 96 bits of it, over a random id of 128 and a verifier of 256 bits',
      verifier: 'SHA-256',
      rows: setup.encryption ? ENVELOPE_ALGORITHM : 'none: rows are plain text',
    },
    epoch: members.epoch,
    list: members.list,
    revoke: members.revoke,
    revokeUser: members.revokeAll,
    rememberRevocations: members.rememberUntil,
    erase: members.erase,
    revokeAll: (signal) => removeAll(store, signal),
    prune: (signal) => pruneAll(store, signal),
    check: () => store.check(),
    onEnded: ends.watch,
    unwatch: ends.close,
    load: store.load,
    get unconfirmed() {
      return removals.size
    },
    drain: removals.drain,
  }
}

const A_ROW = 'a record that a store can hold'

/** The cipher of the rows, if the option `encrypt` is set. */
function cipherOf({ encryption, secrets, scope, clock }: StoreSetup): RowCipher | undefined {
  if (!encryption) return undefined
  const { migrateUntil = 0, from } = encryption
  const keys = keysFor(secrets, 'row', scope)
  return rowCipher(encrypter(keys, { ...scope, purpose: 'row' }), {
    from,
    until: migrateUntil,
    clock,
  })
}

/** The options, resolved and checked. @throws ERR_OPTION_INVALID */
function storeRulesOf(options: StoreOptions): StoreRules {
  const { onReplay = 'report', rotate, grace = '10s', deadlines = {} } = options
  oneOf(onReplay, ['report', 'end'], 'onReplay')
  const graceMs = milliseconds(grace, 'grace')
  const rotateMs = rotate === undefined ? undefined : milliseconds(rotate, 'rotate')
  if (rotateMs !== undefined && rotateMs <= graceMs) {
    throw invalid('rotate', 'has to be longer than grace, or requests in flight lose their session')
  }
  return {
    rotate: rotateMs,
    grace: graceMs,
    onReplay,
    limit: limitOf(options),
    deadlines: deadlinesOf(deadlines),
    concurrency: concurrencyOf(options),
    pollInterval: pollIntervalOf(options),
  }
}

function policyOf(
  { rotate, grace, onReplay, limit, deadlines, concurrency, pollInterval }: StoreRules,
  { onUnavailable = 'error' }: StoreOptions,
): StorePolicy {
  const { read, write, commit, queue } = deadlines
  return {
    rotate: rotate === undefined ? null : rotate / 1000,
    grace: grace / 1000,
    onReplay,
    maxSessionsPerUser: limit.most,
    onLimit: limit.onLimit,
    onUnavailable,
    deadlines: {
      read: read / 1000,
      write: write / 1000,
      commit: commit / 1000,
      queue: queue / 1000,
    },
    concurrency: concurrency ?? null,
    pollInterval: pollInterval / 1000,
  }
}

function limitOf({
  maxSessionsPerUser: most = 1_000,
  onLimit = 'evict-oldest',
}: StoreOptions): SessionLimit {
  oneOf(onLimit, ['reject', 'evict-oldest'], 'onLimit')
  if (!Number.isSafeInteger(most) || most < 1 || most > 1_000_000) {
    throw invalid('maxSessionsPerUser', 'has to be a whole number from 1 to 1 000 000')
  }
  return { most, onLimit }
}

function concurrencyOf({ concurrency: most }: StoreOptions): number | undefined {
  if (most !== undefined && (!Number.isSafeInteger(most) || most < 1)) {
    throw invalid('concurrency', 'has to be a whole number, 1 or more')
  }
  return most
}

function pollIntervalOf({ pollInterval = '30s' }: StoreOptions): number {
  const length = milliseconds(pollInterval, 'pollInterval')
  if (length < 1_000 || length > 3_600_000) throw invalid('pollInterval', "is '1s' to '1h'")
  return length
}

function deadlinesOf(given: NonNullable<StoreOptions['deadlines']>): StoreRules['deadlines'] {
  requireObject(given, 'deadlines', "{ read: '500ms' }")
  refuseUnknown(given, ['read', 'write', 'commit', 'queue'], 'deadlines.')
  const deadline = (of: keyof typeof given, usual: Duration) => {
    const { [of]: chosen = usual } = given
    const length = milliseconds(chosen, `deadlines.${of}`)
    if (length > LONGEST_DEADLINE) throw invalid(`deadlines.${of}`, "is at most '1m'")
    return length
  }
  return {
    read: deadline('read', '250ms'),
    write: deadline('write', '500ms'),
    commit: deadline('commit', '1s'),
    queue: deadline('queue', '5s'),
  }
}

/** The longest deadline, in milliseconds: no visitor waits longer for a page. */
const LONGEST_DEADLINE = 60_000
