/** What a revocation promises: judged by what was executed first, never by anybody's clock. */

import type { Facts, Revocation } from './facts.ts'
import type { RevokeWatch } from './network.ts'
import { TIMES } from './settings.ts'

/** Makes the checks of revocations. */
export function revocationChecks(facts: Facts, now: () => number) {
  const { fail, attempts, revocations, fellBack } = facts

  /** The login that the session stands on. */
  function loginOf(login: string | undefined) {
    return login === undefined ? undefined : attempts.get(login)?.logsIn
  }

  /** A higher epoch was lost, and a clock that is behind has made a lower one. */
  function isOvertaken(user: string, epoch: number, by: number): boolean {
    const isLost = (lost: Revocation) => lost.user === user && lost.hasBeenLost
    return epoch >= by && revocations.some(isLost)
  }

  return {
    /** A user's sessions are being revoked: how to hear of it. */
    revoking(user: string, except: string | undefined): RevokeWatch & { done: Done } {
      facts.moment += 1
      const revocation: Revocation = {
        user,
        except,
        calledAt: facts.moment,
        executedAt: Number.POSITIVE_INFINITY,
        time: 0,
        epoch: 0,
        keys: [],
        isLossy: false,
        isForgotten: false,
        hasBeenLost: false,
        isExceptLost: false,
        isUnmarked: false,
        since: Number.POSITIVE_INFINITY,
      }
      revocations.push(revocation)
      let isStored = false
      return {
        executed(epoch, isRaised) {
          facts.moment += 1
          if (!isRaised || Number.isFinite(revocation.since)) return
          Object.assign(revocation, {
            executedAt: facts.moment,
            time: now(),
            epoch,
            isForgotten: false,
          })
        },
        answered(asked, { epoch, keys }) {
          revocation.keys = keys
          isStored ||= epoch === asked
        },
        done({ marked }) {
          facts.moment += 1
          revocation.since = facts.moment
          revocation.isUnmarked = !marked
          if (marked && !isStored) fail(`${user} was said to be revoked, and no epoch was stored`)
          for (const key of revocation.keys) {
            if (key === except || fellBack.has(key)) continue
            if (facts.store?.rowOf(key)) fail(`${key} was revoked, and is still there`)
          }
        },
      }
    },

    /** Whether a session must not open, nor be listed, at this moment. */
    isRevoked(key: string, login: string | undefined, since: number): boolean {
      const { user, readAt = Infinity, epoch = 0 } = loginOf(login) ?? {}
      if (revocations.some(({ except, isLossy }) => isLossy && except === key)) return false
      return revocations.some(
        (revocation) =>
          revocation.user === user &&
          revocation.since <= since &&
          revocation.except !== key &&
          !revocation.isForgotten &&
          readAt < revocation.executedAt &&
          !isOvertaken(user, epoch, revocation.epoch) &&
          // A login in flight for longer than a session lives outlives the epoch.
          now() - revocation.time <= TIMES.permanent &&
          Number.isFinite(revocation.executedAt),
      )
    },

    /** Whether a session may be refused as revoked: its login came before the end of a revocation. */
    mayBeRevoked(key: string | undefined, login: string | undefined): boolean {
      const { user, calledAt = 0 } = loginOf(login) ?? {}
      return revocations.some((revocation) => {
        if (revocation.user !== user) return false
        const { except, isExceptLost } = revocation
        const isExcepted = except !== undefined && except === key && !isExceptLost
        const isLate = revocation.since > calledAt || revocation.isUnmarked
        // Its epoch has expired; a login that was in flight for longer than that brings it back.
        const isExpired = now() - revocation.time > TIMES.permanent
        return revocation.isForgotten || isExpired || (!isExcepted && isLate)
      })
    },
  }
}

type Done = (answer: { marked: boolean }) => void
