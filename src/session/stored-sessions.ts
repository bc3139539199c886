/** What an app can do across sessions, once they are in a store: list, revoke, prune. */

import type { SessionInfo, StoredBackend } from '../backends/store-backend.ts'
import { checkedUserId } from './explain/misuse.ts'

/** One session of a user, for a list of devices. */
export interface ListedSession extends SessionInfo {
  /** Whether it is the session of the request that is being handled. */
  isCurrent: boolean
}

/** A user's id, as `login` takes it. */
export type UserId = string | number | bigint

/** The verbs across sessions. All throw ERR_STORE_UNAVAILABLE, and may then be called again. */
export interface AcrossSessions {
  /**
   * The sessions of a user, the first to sign in first.
   *
   * @param options.current the handle of the session to mark. @default the request's own, where one
   * is being handled behind an adapter
   * @throws ERR_USER_ID_INVALID
   */
  list(userId: UserId, options?: { current?: string | undefined }): Promise<ListedSession[]>
  /** Ends one session of a user; answers whether there was such a one. @throws ERR_USER_ID_INVALID */
  revoke(userId: UserId, handle: string): Promise<boolean>
  /**
   * Ends all sessions of a user, and refuses logins that were called before; answers how many.
   *
   * @param options.except the handle of one to leave, as `session.handle` after a new password.
   * @throws ERR_USER_ID_INVALID
   */
  revokeUser(userId: UserId, options?: { except?: string | undefined }): Promise<number>
  /**
   * Ends every session of everybody, some at a time; answers how many.
   *
   * Sessions that begin meanwhile may stay: for an end of everything at once, drop the secret.
   */
  revokeAll(): Promise<number>
  /** Deletes what is long over, some at a time; answers how many. Redis does it by itself. */
  prune(): Promise<number>
  /** What the store's settings endanger, in a sentence each. @throws ERR_STORE_UNAVAILABLE */
  checkStore(): Promise<readonly string[]>
}

/** Makes the verbs. `currentHandle` names the session of the request that is being handled. */
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
    revokeAll: stored.revokeAll,
    prune: stored.prune,
    checkStore: stored.check,
  }
}
