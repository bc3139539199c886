/** Operations on all sessions in a store: list, revoke, prune, check. */

import type { Revocation, SessionInfo, StoredBackend } from '../backends/store-backend.ts'
import { checkedUserId } from './explain/misuse.ts'

/** One session of a user, for a device list. */
export interface ListedSession extends SessionInfo {
  /** Whether it is the session of the current request. */
  isCurrent: boolean
}

/** A user's id, as `login` takes it. */
export type UserId = string | number | bigint

/** Operations on all sessions in a store. All throw ERR_STORE_UNAVAILABLE and can be retried. */
export interface AcrossSessions {
  /**
   * Returns the sessions of a user, in the order of their logins.
   *
   * @param options.current the handle of the session to mark with `isCurrent`. @default that of the
   * current request, behind an adapter
   * @throws ERR_USER_ID_INVALID
   */
  list(userId: UserId, options?: { current?: string | undefined }): Promise<ListedSession[]>
  /** Ends one session of a user; returns whether it existed. @throws ERR_USER_ID_INVALID */
  revoke(userId: UserId, handle: string): Promise<boolean>
  /**
   * Ends all sessions of a user, and rejects logins that were called earlier and are not saved yet.
   * Their order is counted in the store: the servers' clocks do not matter.
   *
   * @param options.except the handle of one to keep, such as `session.handle` after a new password.
   * @throws ERR_USER_ID_INVALID
   */
  revokeUser(userId: UserId, options?: { except?: string | undefined }): Promise<Revocation>
  /**
   * Ends all sessions of a user and deletes the user id from the store, for erasure (GDPR article
   * 17); returns how many were ended. It reads every session in the store, in batches. First keep
   * the user from logging in again: a login in flight would store the id again.
   *
   * @throws ERR_USER_ID_INVALID
   */
  erase(userId: UserId): Promise<number>
  /**
   * Ends the sessions of all users, in batches; returns how many.
   *
   * Sessions that begin meanwhile may remain. To end all at once, replace the secret.
   */
  revokeAll(): Promise<number>
  /** Deletes expired sessions, in batches; returns how many. Redis does this by itself. */
  prune(): Promise<number>
  /** Lists settings of the store that can lose sessions. @throws ERR_STORE_UNAVAILABLE */
  checkStore(): Promise<readonly string[]>
}

/** Makes the operations. `currentHandle` returns the handle of the current request's session. */
export function acrossSessions(
  stored: StoredBackend,
  currentHandle: () => Promise<string | undefined>,
): AcrossSessions {
  return {
    async list(userId, options = {}) {
      const listed = await stored.list(checkedUserId(userId))
      const current = options.current ?? (await currentHandle())
      return listed.map((info) => ({ ...info, isCurrent: info.handle === current }))
    },
    revoke: async (userId, handle) => stored.revoke(checkedUserId(userId), String(handle)),
    revokeUser: async (userId, { except } = {}) => stored.revokeUser(checkedUserId(userId), except),
    erase: async (userId) => stored.erase(checkedUserId(userId)),
    revokeAll: stored.revokeAll,
    prune: stored.prune,
    checkStore: stored.check,
  }
}
