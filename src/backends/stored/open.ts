/** Opens a stored session: one read for a cookie with a valid MAC, none for anything else. */

import { timingSafeEqual } from 'node:crypto'
import type { FoundRow } from './store.ts'
import type { Opened, Rejection } from '../backend.ts'
import { type Entry, entryEnded, isRevoked, readEntry, type RowAndEntry, seenAt } from './entry.ts'
import type { SessionRules, StoredParts } from './commit-work.ts'
import type { Removals } from './removals.ts'
import { HASH_LENGTH, hashOfVerifier, type SessionId } from './session-id.ts'

/** The session that a request opened, as it was at that time. */
export interface Slot {
  readonly selector: string
  readonly verifier: string
  readonly hash: string
  readonly row: RowAndEntry['row']
  /** Whether the owner's list has the session. If not, the next write adds it. */
  readonly isListed: boolean
  /** The entry as this request sees it. */
  readonly entry: Entry
  /** The row with its entry. It may have more than `entry`: work of others in the same swap. */
  readonly newest: RowAndEntry
}

/** The result of opening a stored session. */
export interface StoredOpened extends Opened {
  readonly slot: Slot | undefined
  /** The keys of further valid cookies: a logout ends those sessions, too. */
  readonly others: readonly string[]
  /**
   * The keys of sessions in the cookies that cannot be opened: expired, or unreadable here because
   * another server has a newer secret. A logout and a login remove them.
   */
  readonly leftovers: readonly string[]
  /** Whether the id is from before a very recent login: no cookie may replace the new one. */
  readonly isSuperseded: boolean
}

/** The parts that opening needs. */
export interface OpenParts extends StoredParts {
  removals: Removals
}

/** How many cookies of one request are looked up at most. */
const MAX_READS = 8

/** Opens the newest session the values name. @throws ERR_STORE_UNAVAILABLE */
export function openStored(
  ports: OpenParts,
  values: readonly string[],
  now: number,
): StoredOpened | Promise<StoredOpened> {
  const presented = values.length < 2 ? values : [...new Set(values)]
  const rejected: Rejection[] = []
  const ids: SessionId[] = []
  for (const value of presented) {
    const id = ports.ids.parse(value)
    if (typeof id === 'string') rejected.push(id)
    else ids.push(id)
  }
  const nobody = { ...NOBODY, hasCookie: values.length > 0, presented, rejected }
  return ids.length === 0 ? nobody : lookUp(ports, ids, nobody, now)
}

async function lookUp(ports: OpenParts, ids: SessionId[], nobody: StoredOpened, now: number) {
  const [only] = ids
  if (only && ids.length === 1) {
    const outcome = outcomeOf(ports, only, await ports.store.read(only.selector), now)
    if ('slot' in outcome) return { ...nobody, ...outcome.opened, verified: 1 }
    return openedNone(ports, nobody, [outcome], now)
  }
  const looked = await Promise.all(ids.slice(0, MAX_READS).map((id) => openOne(ports, id, now)))
  const found = looked.flatMap((outcome) => ('slot' in outcome ? [outcome] : []))
  const refused = looked.flatMap((outcome) => ('reason' in outcome ? [outcome] : []))
  // Within one second, the one sent later: the browser received it later (RFC 6265bis section 5.8.3).
  const [newest, ...rest] = found.reverse().sort((a, b) => b.opened.seen - a.opened.seen)
  if (!newest) return openedNone(ports, nobody, refused, now)
  const others = rest.map(({ slot }) => slot.selector)
  return { ...withRefused(nobody, refused), ...newest.opened, others, verified: found.length }
}

async function openedNone(
  ports: OpenParts,
  nobody: StoredOpened,
  refused: readonly Refused[],
  now: number,
) {
  await endReplayed(ports, refused, now)
  const isSuperseded = refused.some(({ reason }) => reason === 'superseded')
  return { ...withRefused(nobody, refused), isSuperseded }
}

function withRefused(nobody: StoredOpened, refused: readonly Refused[]): StoredOpened {
  const reasons = refused.map(({ reason }) => reason)
  const left = refused.filter(({ reason }) => LEFT_THERE.has(reason))
  const leftovers = left.map(({ id }) => id.selector)
  const named = refused.map(({ id: { selector: handle }, reason }) => ({ handle, reason }))
  return { ...nobody, rejected: [...nobody.rejected, ...reasons], refused: named, leftovers }
}

const LEFT_THERE: ReadonlySet<Rejection> = new Set([
  'corrupt',
  'expired',
  'expired-absolute',
  'future',
  'revoked',
])

export type Found = {
  slot: Slot
  opened: Pick<StoredOpened, 'record' | 'seen' | 'key' | 'isOutdated' | 'handle' | 'slot'>
}

export type Refused = {
  id: SessionId
  reason: Rejection
  /** When the session's current id was sent, in seconds since 1970. */
  issued?: number
}

/** How far clocks of servers may differ: within it a replayed id does not end a session. */
const REPLAY_LEEWAY_MS = 60_000

/**
 * With `onReplay: 'end'`, an id that is replayed after its renewal ends its session. That is final,
 * so it is not done within the leeway for clocks, in which another server may still be in `grace`.
 */
async function endReplayed(
  { store, removals, onReplay, rules: { grace } }: OpenParts,
  refused: readonly Refused[],
  now: number,
) {
  if (onReplay === 'report') return
  const isToEnd = ({ reason, issued = 0 }: Refused) =>
    reason === 'replayed' && now - issued * 1000 > grace + 1000 + REPLAY_LEEWAY_MS
  const remove = ({ id: { selector } }: Refused) =>
    store.remove(selector, 'replayed').catch(() => removals.add(selector, 'replayed'))
  await Promise.all(refused.filter(isToEnd).map(remove))
}

async function openOne(ports: OpenParts, id: SessionId, now: number): Promise<Found | Refused> {
  return outcomeOf(ports, id, await ports.store.read(id.selector), now)
}

/** Whether an id is valid for the row under its selector. */
export function outcomeOf(
  { rules }: OpenParts,
  id: SessionId,
  row: FoundRow | null,
  now: number,
): Found | Refused {
  const { selector, verifier } = id
  if (!row) return { id, reason: 'gone' }
  const read = readEntry(selector, row, rules)
  if (!read) return { id, reason: 'corrupt' }
  const { entry } = read
  const hash = hashOfVerifier(verifier)
  const reason = reasonAgainst(row, entry, hash, rules, now)
  if (reason) return { id, reason, issued: entry.issued }
  // Servers get a new secret one after another, so id and row may be written under different secrets.
  const opened = openedAs({ selector, verifier, hash }, row, read, Math.max(id.key, read.key))
  return { slot: opened.slot, opened }
}

/** The result of opening a session under a valid id. */
function openedAs(
  { selector, verifier, hash }: Pick<Slot, 'selector' | 'verifier' | 'hash'>,
  row: FoundRow,
  { entry, isFormer }: NonNullable<ReturnType<typeof readEntry>>,
  key: number,
): Found['opened'] & { slot: Slot } {
  const { isListed } = row
  const slot: Slot = { selector, verifier, hash, row, isListed, entry, newest: { row, entry } }
  const seen = seenAt(row, entry)
  const isOutdated = key > 0 || isFormer
  return { record: entry.record, seen, key, isOutdated, handle: selector, slot }
}

/** Why an id is not accepted for this session, or `undefined` if it is. */
function reasonAgainst(
  row: FoundRow,
  entry: Entry,
  hash: string,
  rules: SessionRules,
  now: number,
): Rejection | undefined {
  const ended = isRevoked(row, entry) ? 'revoked' : entryEnded(row, entry, rules, now)
  if (isSame(entry.verifier, hash) || opensAsPrevious(entry, hash, rules, now)) return ended
  if (ended) return 'gone'
  // The request was in flight during a login, or during two renewals. Times are whole seconds.
  const isJustIssued = now - entry.issued * 1000 < rules.grace + 1000
  return isJustIssued ? 'superseded' : 'replayed'
}

/** A renewed id is accepted until `grace` has passed since the browser first sent the new one. */
function opensAsPrevious({ previous }: Entry, hash: string, { grace }: SessionRules, now: number) {
  if (!previous || !isSame(previous.verifier, hash)) return false
  return previous.replacedAt === undefined || now - previous.replacedAt <= grace
}

const left = Buffer.alloc(HASH_LENGTH)
const right = Buffer.alloc(HASH_LENGTH)

/** Compares two hashes in constant time. Texts of different lengths are not equal. */
function isSame(kept: string, shown: string): boolean {
  if (kept.length !== HASH_LENGTH || shown.length !== HASH_LENGTH) return false
  left.write(kept, 'latin1')
  right.write(shown, 'latin1')
  return timingSafeEqual(left, right) && kept === shown
}

/**
 * Reads a request's session again. The request had a valid id, which may have been renewed since, for
 * example on a WebSocket. So the session is valid as long as it has not ended and there was no login.
 */
export async function reopenStored(
  ports: OpenParts,
  opened: StoredOpened,
  now: number,
): Promise<StoredOpened> {
  const { slot } = opened
  if (!slot) return opened
  const row = await ports.store.read(slot.selector)
  const read = row && readEntry(slot.selector, row, ports.rules)
  const isTheirs = read && read.entry.auth === slot.entry.auth
  // A session that has ended stays in the slot, so that a write to it fails and does not begin
  // another session.
  if (!isTheirs || isRevoked(row, read.entry) || entryEnded(row, read.entry, ports.rules, now)) {
    return { ...opened, record: undefined }
  }
  return { ...opened, ...openedAs(slot, row, read, opened.key) }
}

const NOBODY: StoredOpened = {
  record: undefined,
  hasCookie: false,
  presented: [],
  rejected: [],
  verified: 0,
  seen: 0,
  key: 0,
  isOutdated: false,
  handle: undefined,
  slot: undefined,
  others: [],
  leftovers: [],
  isSuperseded: false,
}
