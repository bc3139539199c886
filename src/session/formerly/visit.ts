/** The former sessions of one request: one is moved, and all are ended or written after the commit. */

import type { CommitRequest, Committed, Opened } from '../../backends/backend.ts'
import { codeOf, SessionError } from '../../base/errors.ts'
import { andThen, type Maybe } from '../../base/ports.ts'
import type { RequestFacts } from '../../http/request-facts.ts'
import type { Change } from '../../record/changes.ts'
import type { SessionRecord } from '../../record/record.ts'
import { isOfAnother } from '../../record/replay.ts'
import type { FormerContext, FormerVisit } from '../setup/former-sides.ts'
import { type Former, keep } from './former.ts'
import type { Move } from './move.ts'
import { hasEnded, isMarked } from './side.ts'
import { type View, viewOf } from './view.ts'
import { endFormer, expireFormer, formerChanges, writeFormer } from './write.ts'

/** A renewal is sent within this many milliseconds, as for our own cookie: see `set-cookie-line.ts`. */
const LONGEST_UNTIL_RENEWAL = 1000

/** The former sessions of one request. */
export class RequestFormers implements FormerVisit {
  readonly #ours: FormerContext['ours']
  readonly #facts: RequestFacts
  readonly #formers: readonly Former[]
  /** Our own session when the request arrived. */
  readonly #first: Opened
  /** The session to be moved, until our side has saved it. */
  #move: Move | undefined
  readonly record: SessionRecord | undefined
  readonly opened: Opened | undefined
  /** The keys that our login writes among the data. */
  readonly #ownNames: ReadonlySet<string>
  /** When the cookies arrived, in milliseconds since 1970. */
  readonly #openedAt: number

  constructor(
    ours: FormerContext['ours'],
    facts: RequestFacts,
    formers: readonly Former[],
    first: Opened,
    move?: Move,
    joined?: Opened,
  ) {
    this.#ours = ours
    this.#facts = facts
    this.#formers = formers
    this.#first = joined ?? first
    this.opened = joined
    this.#move = move
    this.record = move?.record
    this.#openedAt = ours.clock()
    this.#ownNames = new Set(Object.keys(ours.loginKeys?.(facts) ?? {}))
  }

  commit(request: CommitRequest): Maybe<Committed> {
    const move = this.#move
    const { changes } = request
    if (isLogout(changes)) return this.#logOut(move, request)
    if (!move) return this.#afterwards(this.#ours.backend.commit(request), request)
    // A clear, or a login of another user, drops the moved data: only the request's changes are left.
    const isDropped = changes.some(
      (change) =>
        change.do === 'clear' ||
        (change.do === 'login' &&
          isOfAnother(move.record, change.userId, this.#ours.backend.layout)),
    )
    const all = isDropped ? changes : [...move.changes, ...changes]
    return this.#moved(move, request, all)
  }

  /** Ends the former sessions first: without a session on our side, a failed logout could not be retried. */
  async #logOut(move: Move | undefined, own: CommitRequest): Promise<Committed> {
    const request = move ? this.#once(move, own) : own
    const { now } = request
    for (const former of this.#formers) {
      const { side, values } = former
      // A session that `dualWrite` has written is marked: it cannot sign the visitor in again.
      const isRead = side === move?.side || !side.dualWrite
      if (isRead && values.length > 0 && now < side.until) await this.#end(former, now)
    }
    this.#move = undefined
    return this.#afterwards(this.#ours.backend.commit(request), request)
  }

  #moved(move: Move, request: CommitRequest, changes: readonly Change[]): Maybe<Committed> {
    const own = request.changes
    const succeeded = (committed: Committed) => {
      this.#move = undefined
      // After a logout by a concurrent request there is no session any more, and none was moved.
      if (committed.opened.record) this.#count(move, committed)
      return this.#afterwards(committed, request, 'newest')
    }
    try {
      const committing = this.#ours.backend.commit({ ...this.#once(move, request), changes })
      if (!(committing instanceof Promise)) return succeeded(committing)
      return committing.then(succeeded, (error: unknown) =>
        this.#notMoved(move, request, own, error),
      )
    } catch (error) {
      return this.#notMoved(move, request, own, error)
    }
  }

  /** With a store, concurrent requests that move the same session begin a single one. */
  #once({ side, values }: Move, request: CommitRequest): CommitRequest {
    if (!this.#ours.stored) return request
    return { ...request, once: { seed: side.seed(values), own: request.changes } }
  }

  /** A visit without changes of its own does not fail: the next one tries to move the session again. */
  #notMoved(
    { side }: Move,
    { opened }: CommitRequest,
    own: readonly Change[],
    error: unknown,
  ): Committed {
    if (own.length > 0) throw error
    const { emit, development } = this.#ours
    emit({ type: 'move-failed', from: side.name, code: codeOf(error) })
    if (error instanceof SessionError) development?.warn(`move-${error.code}`, error.message)
    return { opened, setCookie: undefined }
  }

  #count({ side, left }: Move, { opened }: Committed): void {
    const { emit, clock, development } = this.#ours
    side.use.moved++
    side.use.lastAt = new Date(clock())
    const keys = left.length > 0 ? { left } : {}
    emit({ type: 'moved', from: side.name, ...keys }, opened)
    development?.warn(`moved-${side.name}`, `A visitor's session was moved from: ${side.name}.`)
  }

  /** Ends or writes the former sessions, once our side is saved. */
  #afterwards(
    committing: Maybe<Committed>,
    { now, changes }: CommitRequest,
    age: 'newest' | 'as opened' = changes.length > 0 ? 'newest' : 'as opened',
  ): Maybe<Committed> {
    if (this.#formers.length === 0) return committing
    return andThen(committing, async (committed) => {
      for (const former of this.#formers) {
        await this.#settle(former, committed, now, age)
        if (isLogout(changes)) await this.#expire(former, now)
      }
      const lines = this.#formers.flatMap((former) => former.lines ?? [])
      return lines.length > 0 ? { ...committed, former: lines } : committed
    })
  }

  /** Ends or writes one former session. Never throws, because our side is saved already. */
  async #settle(
    former: Former,
    committed: Committed,
    now: number,
    age: 'newest' | 'as opened',
  ): Promise<void> {
    const { side, values } = former
    former.hasFailed = false
    try {
      if (!side.dualWrite || now >= side.until) {
        if (values.length > 0) await this.#end(former, now)
        return
      }
      const opened = await this.#open(former, now)
      const ours = this.#viewOf(committed)
      if (ours)
        await this.#write(former, opened, ours, age === 'newest' ? undefined : committed, now)
      else if (this.#isOver(former, opened)) await this.#end(former, now)
    } catch (error) {
      former.hasFailed = true
      this.#ours.emit({ type: 'former-failed', from: side.name, code: codeOf(error) })
      // If its store did not confirm a logout, the error has the line that clears the cookie.
      const line = error instanceof SessionError ? error.headers?.['set-cookie'] : undefined
      if (line !== undefined) former.lines = [line]
    }
  }

  /** `asOpened`: our session, if this request has not written it. Another request may have done so. */
  async #write(
    former: Former,
    opened: Opened,
    ours: View,
    asOpened: Committed | undefined,
    now: number,
  ): Promise<void> {
    const { side } = former
    let missing = formerChanges(side, opened, ours, this.#facts, now)
    if (asOpened && missing.changes.length > 0) {
      const newest = await this.#ours.backend.reopen(asOpened.opened, now)
      const view = this.#viewOf({ ...asOpened, opened: newest })
      // Another request has ended our session or signed in, and written the former one as well.
      if (!view) return
      missing = formerChanges(side, opened, view, this.#facts, now)
    }
    const written = await writeFormer(side, opened, missing, now)
    const { engine } = side.settings
    const isLate = engine === '' && now - this.#openedAt > LONGEST_UNTIL_RENEWAL
    // Do not overwrite the cookie of a request that may have signed the visitor in or out meanwhile.
    keep(
      former,
      isLate && written.isRenewal ? { ...written, setCookie: undefined, also: [] } : written,
    )
  }

  /** Expires the former cookie if the former store failed at a logout. */
  async #expire(former: Former, now: number): Promise<void> {
    const { side, values, hasFailed, lines } = former
    if (!hasFailed || lines || values.length === 0) return
    keep(former, await expireFormer(side, now))
  }

  #open(former: Former, now: number): Maybe<Opened> {
    return (
      former.opened ??
      andThen(former.side.settings.backend.open(former.values, now), (opened) => {
        return (former.opened = opened)
      })
    )
  }

  async #end(former: Former, now: number): Promise<void> {
    const ended = await endFormer(former.side, await this.#open(former, now), now)
    if (ended) keep(former, ended)
  }

  /** Whether a former session with `dualWrite` has to end because ours has. */
  #isOver({ side, isRevoked }: Former, { record }: Opened): boolean {
    if (this.#first.record || this.record || isRevoked) return true
    // A session that was not moved stays: the next visit tries again.
    return (!record || isMarked(record, side)) && hasEnded(this.#first)
  }

  /** The content of our session; `undefined` if there is none, or it was ended. */
  #viewOf({ opened, notes }: Committed): View | undefined {
    if (!opened.record || notes?.some(({ type }) => type === 'ended-meanwhile')) return undefined
    return viewOf(opened.record, { layout: this.#ours.backend.layout, loginNames: this.#ownNames })
  }
}

function isLogout(changes: readonly Change[]): boolean {
  return changes.some((change) => change.do === 'logout')
}
