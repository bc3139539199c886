/** The backend for another library's store: reads and writes that library's rows and cookie. */

import { SessionError } from '../../base/errors.ts'
import type { Maybe } from '../../base/ports.ts'
import { type Change, isSoft } from '../../record/changes.ts'
import { newRecord, type SessionRecord, userIdOf } from '../../record/record.ts'
import { replay } from '../../record/replay.ts'
import { sizesOf, tooLarge } from '../../record/too-large.ts'
import { withMessagesThatFit } from '../../record/waiting.ts'
import { type Backend, type CommitRequest, type Committed, notesOf } from '../backend.ts'
import { sessionQueues, withDeadline } from './foreign-calls.ts'
import { foreignOpener, nobody } from './foreign-open.ts'
import type { ForeignOpened, ForeignRules, ForeignSlot } from './foreign-rules.ts'
import type { ForeignEntry, ForeignWrite } from './foreign-store.ts'

type Request = CommitRequest & { opened: ForeignOpened }

/** How many swaps of one commit may lose to other processes before the commit fails. */
const MAX_SWAPS = 50

/**
 * Makes the backend.
 *
 * A commit reads the session again and replays the request's changes on it. Changes of concurrent
 * requests to different keys are therefore all saved. Without compare-and-swap in the store, that
 * holds only within one process. A session that has ended is never written again.
 */
export function foreignBackend(rules: ForeignRules): Backend {
  const { ids, layout, writer, lifetime, idKey } = rules
  const store = withDeadline(rules.store, rules)
  const inTurn = sessionQueues(rules)
  const { openFirst, find, decoded } = foreignOpener(rules, store)

  function commit(request: Request): Maybe<Committed> {
    const { opened, changes } = request
    const { slot } = opened
    if (changes.some((change) => change.do === 'logout')) return end(request)
    if (slot)
      return changes.length > 0 ? inTurn(slot.id, () => save(request, slot)) : visit(request)
    return changes.length > 0 ? begin(request, request.next) : { opened, setCookie: undefined }
  }

  /**
   * A logout: ends every session in the request's cookies, since any that is left would sign
   * the visitor in again. Begins another session if the request has changed anything after the
   * logout.
   */
  async function end(request: Request): Promise<Committed> {
    const { opened, changes, next } = request
    const { slot, others, hasCookie, presented } = opened
    const cleared = hasCookie ? writer.clear() : undefined
    try {
      for (const id of slot ? [slot.id, ...others] : others) {
        await inTurn(id, () => store.remove(id))
      }
      const ended = { ...nobody(presented, []), hasCookie }
      const after = changes.findLastIndex((change) => change.do === 'logout') + 1
      const begun = await begin(
        { ...request, opened: ended, changes: changes.slice(after) },
        next,
        slot?.id,
      )
      return begun.setCookie === undefined && cleared
        ? { ...begun, opened: { ...ended, hasCookie: false }, setCookie: cleared }
        : begun
    } catch (error) {
      // The cookie is cleared even if the store fails: at least this browser loses the session.
      throw error instanceof SessionError && cleared
        ? error.withHeader('set-cookie', cleared)
        : error
    }
  }

  /** Saves a record under a new id, unless it is empty. `former`: an id that must not be used again. */
  async function begin(
    { opened, changes, now }: Request,
    record: SessionRecord,
    former?: string,
  ): Promise<Committed> {
    if (rules.isEmpty(record)) return { opened, setCookie: undefined }
    const id = idOf(record, former) ?? ids.create()
    const fitted = write(record, changes, now)
    await store.insert(id, fitted.result)
    return committed(opened, id, fitted, now, 'new id')
  }

  /** The id that the drop-in replacement has set in the data, unless it is `former`. */
  function idOf({ data }: SessionRecord, former: string | undefined): string | undefined {
    const field = idKey === undefined ? undefined : data.get(idKey)
    const id = field && layout.codec.decode(field.text)?.value
    return typeof id === 'string' && id !== former ? id : undefined
  }

  async function save(request: Request, slot: ForeignSlot): Promise<Committed> {
    const { opened, changes, now } = request
    // With compare-and-swap no read is needed: the swap fails if the opened entry is not the newest.
    let isRead = slot.entry.version === undefined
    let entry: ForeignEntry | 'corrupt' | undefined = isRead
      ? await store.read(slot.id)
      : slot.entry
    for (let swaps = 0; swaps < MAX_SWAPS; swaps++) {
      const base = entry === undefined || entry === 'corrupt' ? undefined : decoded(slot.id, entry)
      const current = entry as ForeignEntry
      if (!base || lifetime.ended(base, current, now)) return goneBefore(request)
      const record = replay(base, changes, layout)
      const hasNewId = renewsId(changes, base, record) || idOf(record, slot.id) !== undefined
      // These two cases use no swap, so read the newest entry first.
      if ((hasNewId || rules.isEmpty(record)) && !isRead) {
        entry = await store.read(slot.id)
        isRead = true
        continue
      }
      if (rules.isEmpty(record)) {
        await store.remove(slot.id)
        const { presented } = opened
        return { opened: nobody(presented, []), setCookie: writer.clear() }
      }
      if (hasNewId) {
        const begun = await begin(request, record, slot.id)
        await store.remove(slot.id)
        return begun
      }
      const fitted = write(record, changes, now)
      if (await store.replace(slot.id, fitted.result, current)) {
        return committed(opened, slot.id, fitted, now, 'changed')
      }
      entry = await store.read(slot.id)
      isRead = true
    }
    throw new SessionError('ERR_SESSION_CONFLICT')
  }

  function renewsId(changes: readonly Change[], base: SessionRecord, record: SessionRecord) {
    if (changes.some(({ do: verb }) => verb === 'login' || verb === 'regenerate')) return true
    const user = userIdOf(base, layout)
    return user !== undefined && userIdOf(record, layout) !== user
  }

  /** The session has ended. A login begins a new one; other changes must not bring it back. */
  async function goneBefore(request: Request): Promise<Committed> {
    const { opened, changes, now } = request
    const at = changes.findIndex((change) => change.do === 'login')
    if (at >= 0) {
      const from = newRecord(layout, Math.floor(now / 1000))
      const record = replay(from, changes.slice(at), layout)
      return begin(request, record, opened.slot?.id)
    }
    if (!changes.every(isSoft)) throw new SessionError('ERR_SESSION_GONE')
    return { opened, setCookie: undefined, notes: [{ type: 'ended-meanwhile' }] }
  }

  /** Extends the session at a visit without changes, if the other library does so. */
  function visit({ opened, now }: Request): Maybe<Committed> {
    const { slot, record, isOutdated } = opened
    if (!slot || !record) return { opened, setCookie: undefined }
    const extending = lifetime.extends(record, slot.entry, now)
    const isSent = isOutdated || lifetime.setsCookie(record, false)
    if (!extending)
      return { opened, setCookie: isSent ? line(slot.id, record, now) : undefined, isRenewal: true }
    return inTurn(slot.id, () => extend(opened, slot, isSent, now))
  }

  async function extend(
    opened: ForeignOpened,
    slot: ForeignSlot,
    isSent: boolean,
    now: number,
  ): Promise<Committed> {
    try {
      const entry = await store.read(slot.id)
      const record = entry && entry !== 'corrupt' ? decoded(slot.id, entry) : undefined
      // A session that has ended must not be written again.
      if (!record) return { opened, setCookie: undefined, notes: [{ type: 'ended-meanwhile' }] }
      const { result } = write(record, [], now)
      if (store.touch) await store.touch(slot.id, result, entry as ForeignEntry)
      else await store.replace(slot.id, result, entry as ForeignEntry)
      return { opened, setCookie: isSent ? line(slot.id, record, now) : undefined, isRenewal: true }
    } catch {
      // A visit without changes does not fail if the session could not be extended.
      return { opened, setCookie: undefined, notes: [{ type: 'touch-failed' }] }
    }
  }

  /** The text of a record with the messages that fit. @throws ERR_SESSION_TOO_LARGE */
  function write(record: SessionRecord, changes: readonly Change[], now: number) {
    return withMessagesThatFit(record, layout, changes, (fit): ForeignWrite => {
      lifetime.stamp?.(fit, now)
      const text = layout.encode(fit)
      const bytes = Buffer.byteLength(text)
      const { maxBytes } = rules
      if (bytes > maxBytes) {
        throw tooLarge('ERR_SESSION_TOO_LARGE', bytes, maxBytes, sizesOf(fit, layout))
      }
      return { text, expiresAt: lifetime.of(fit, now).expiresAt }
    })
  }

  function committed(
    opened: ForeignOpened,
    id: string,
    fitted: ReturnType<typeof write>,
    now: number,
    what: 'new id' | 'changed',
  ): Committed {
    const { record } = fitted
    if (idKey !== undefined) record.data.set(idKey, { text: layout.codec.encode(id, idKey) })
    const isSent = what === 'new id' || opened.isOutdated || lifetime.setsCookie(record, true)
    const saved: ForeignOpened = {
      ...nobody(opened.presented, []),
      record,
      hasCookie: true,
      verified: 1,
      seen: Math.floor(now / 1000),
      slot: { id, entry: fitted.result },
    }
    const setCookie = isSent ? line(id, record, now) : undefined
    return { opened: saved, setCookie, notes: notesOf(fitted) }
  }

  function line(id: string, record: SessionRecord, now: number): string {
    return writer.set(ids.spell(id), lifetime.of(record, now).keepFor, now)
  }

  return {
    layout,
    maxBytes: rules.maxBytes,
    open: (values, now) => (values.length === 0 ? nobody([], []) : openFirst(values, now)),
    // `opened` of a request is always what `open` returned.
    commit: (request) => commit(request as Request),
    async reopen(opened, now) {
      const { slot } = opened as ForeignOpened
      if (!slot) return opened
      const found = await find(slot.id, now)
      // It stays in the slot, so that a write to it fails and does not begin another session.
      return typeof found === 'string' ? { ...opened, record: undefined } : { ...opened, ...found }
    },
  }
}
