/** Operations on all sessions in a store: list, revoke, prune, check, status. */

import { untilAborted } from '../base/abort.ts'
import type {
  Revocation,
  SessionInfo,
  StoredBackend,
  StoreLoad,
} from '../backends/store-backend.ts'
import { codeOf } from '../base/errors.ts'
import type { Emit } from './explain/emitter.ts'
import type { EventSubject } from './explain/event-context.ts'
import type { EventFacts, RevocationCall } from './explain/events.ts'
import { checkedHandle, checkedSignal, checkedUserId } from './explain/misuse.ts'
import type { EndedListener } from './on-ended.ts'

/** One session of a user, for a device list. */
export interface ListedSession extends SessionInfo {
  /** Whether it is the session of the current request. */
  isCurrent: boolean
}

/** The state of the store, as this process sees it: for a health check or for gauges. */
export interface StoreStatus extends StoreLoad {
  /** The engine's name, such as `SQLite`. */
  readonly engine: string
  /** Ended sessions whose removal the store did not confirm yet. It is retried. */
  readonly unconfirmed: number
}

/** A user's id, as `login` takes it. */
export type UserId = string | number | bigint

/** How long to wait for an operation. */
export interface WaitOptions {
  /**
   * Ends the wait: the call rejects with the signal's reason. Commands that were sent are not
   * undone: a revocation that has begun continues; `revokeAll` and `prune` stop after the current
   * batch.
   *
   * @default none: waits until it is done
   */
  signal?: AbortSignal | undefined
}

/**
 * Operations on all sessions in a store. All that return a promise throw ERR_STORE_UNAVAILABLE and
 * can be retried; those with options throw ERR_OPTION_INVALID for other ones.
 */
export interface AcrossSessions {
  /**
   * Returns the sessions of a user, in the order of their logins.
   *
   * @param options.current the handle of the session to mark with `isCurrent`. @default that of the
   * current request, behind an adapter
   * @throws ERR_USER_ID_INVALID
   *
   * @example
   * for (const { label, lastSeenAt, isCurrent } of await sessions.list('ada')) {
   *   console.log(label, lastSeenAt, isCurrent)
   * }
   */
  list(
    userId: UserId,
    options?: WaitOptions & { current?: string | undefined },
  ): Promise<ListedSession[]>
  /**
   * Ends one session of a user; returns whether it existed. @throws ERR_USER_ID_INVALID
   *
   * @example
   * const existed = await sessions.revoke('ada', String(req.body.handle))
   */
  revoke(userId: UserId, handle: string): Promise<boolean>
  /**
   * Ends all sessions of a user, and refuses logins that were called earlier and are not saved yet. A
   * counter in the store decides which was earlier, not the servers' clocks.
   *
   * @param options.except the handle of a session that stays, such as `session.handle` after a change
   * of the password.
   * @throws ERR_USER_ID_INVALID
   *
   * @example
   * const { ended } = await sessions.revokeUser('ada', { except: session.handle })
   */
  revokeUser(
    userId: UserId,
    options?: WaitOptions & { except?: string | undefined },
  ): Promise<Revocation>
  /**
   * Ends all sessions of a user and deletes the user id from the store, for erasure (GDPR article
   * 17); returns how many were ended. It reads every session in the store, in batches. Before you
   * call it, make sure that the user cannot sign in: a login in flight would store the id again.
   *
   * @throws ERR_USER_ID_INVALID
   *
   * @example
   * const ended = await sessions.erase('ada')
   */
  erase(userId: UserId): Promise<number>
  /**
   * Ends the sessions of all users, in batches; returns how many.
   *
   * Sessions that begin during the call may remain. To end all sessions at once, replace the secret.
   *
   * @example
   * await sessions.revokeAll({ signal: AbortSignal.timeout(60_000) })
   */
  revokeAll(options?: WaitOptions): Promise<number>
  /**
   * Deletes expired sessions, in batches; returns how many. Redis does this by itself.
   *
   * @example
   * const deleted = await sessions.prune()
   */
  prune(options?: WaitOptions): Promise<number>
  /**
   * Lists settings of the store that can lose sessions. @throws ERR_STORE_UNAVAILABLE
   *
   * @example
   * for (const finding of await sessions.checkStore()) console.warn(finding)
   */
  checkStore(): Promise<readonly string[]>
  /**
   * Calls `listener` once when a session ends, to close its WebSockets and streams. Returns a
   * function that stops it: call it when the socket closes.
   *
   * If this process ends the session, it is called at once. If another process does, it is called
   * when the store's notification arrives (see the options `subscriber` and `listener` of the
   * stores). Otherwise, and when the session expires, it is called at the next poll (option
   * `pollInterval`, 30 seconds). If the session has already ended, it is called soon. A login does
   * not end an anonymous session, which continues under a new id.
   *
   * @param handle `session.handle`. For a visitor without a session it is `undefined`, and nothing
   * happens.
   * @throws ERR_OPTION_INVALID; ERR_LISTENER_LIMIT if this process has 250 000 listeners.
   *
   * @example
   * const stop = sessions.onEnded(session.handle, () => res.end())
   * res.on('close', stop)
   */
  onEnded(handle: string | undefined, listener: EndedListener): () => void
  /**
   * The state of this process's store connection. Returns at once, without calling the store.
   *
   * @example
   * const { inFlight, waiting } = sessions.storeStatus()
   */
  storeStatus(): StoreStatus
}

/** Makes the operations except `onEnded`. `currentHandle`: the handle of the current request's session. */
export function acrossSessions(
  stored: StoredBackend,
  engine: string,
  emit: Emit,
  currentHandle: () => Promise<string | undefined>,
): Omit<AcrossSessions, 'onEnded'> {
  /** Runs a call, and emits the event of its success or failure. */
  async function audited<Result>(
    call: RevocationCall,
    subject: EventSubject,
    act: () => Promise<Result>,
    factsOf: (result: Result) => EventFacts,
  ): Promise<Result> {
    try {
      const result = await act()
      emit(factsOf(result), subject)
      return result
    } catch (error) {
      emit({ type: 'revocation-failed', call, code: codeOf(error) }, subject)
      throw error
    }
  }

  /** Works until the signal is aborted. */
  async function until<Result>(
    options: WaitOptions,
    known: readonly string[],
    work: (signal: AbortSignal | undefined) => Promise<Result>,
  ): Promise<Result> {
    const signal = checkedSignal(options, known)
    signal?.throwIfAborted()
    return untilAborted(signal, work(signal))
  }

  return {
    async list(userId, options = {}) {
      const id = checkedUserId(userId, 'list')
      const listed = await until(options, ['current'], (signal) => stored.list(id, signal))
      const current = options.current ?? (await currentHandle())
      return listed.map((info) => ({ ...info, isCurrent: info.handle === current }))
    },
    async revoke(userId, handle) {
      const user = checkedUserId(userId, 'revoke')
      return audited(
        'revoke',
        { userId: user, handle: shown(handle) },
        () => stored.revoke(user, String(handle)),
        (existed) => ({ type: 'revoked', existed }),
      )
    },
    async revokeUser(userId, options = {}) {
      const user = checkedUserId(userId, 'revokeUser')
      return until(options, ['except'], () => {
        const except = checkedHandle(options.except, 'except')
        const excepted = shown(except)
        return audited(
          'revokeUser',
          { userId: user },
          () => stored.revokeUser(user, except),
          ({ ended: count, marked }) => ({
            type: 'user-revoked',
            count,
            marked,
            ...(excepted !== undefined && { except: excepted }),
          }),
        )
      })
    },
    async erase(userId) {
      const user = checkedUserId(userId, 'erase')
      return audited(
        'erase',
        { userId: user },
        () => stored.erase(user),
        (count) => ({ type: 'user-erased', count }),
      )
    },
    revokeAll: (options = {}) =>
      until(options, [], (signal) =>
        audited(
          'revokeAll',
          {},
          () => stored.revokeAll(signal),
          (count) => ({ type: 'all-revoked', count }),
        ),
      ),
    prune: (options = {}) => until(options, [], stored.prune),
    checkStore: stored.check,
    storeStatus: () => ({ engine, ...stored.load(), unconfirmed: stored.unconfirmed }),
  }
}

/** A handle for an event; `undefined` if it is invalid: it may be anything, such as the whole cookie. */
function shown(handle: unknown): string | undefined {
  return typeof handle === 'string' && /^[\w-]{22}$/.test(handle) ? handle : undefined
}
