/** The former sides of one `createSessions`: finds the former session of a request. */

import { invalid } from '../../base/options.ts'
import { andThen, type Maybe } from '../../base/ports.ts'
import type { Opened } from '../../backends/backend.ts'
import type { RequestFacts } from '../../http/request-facts.ts'
import type { FormerContext, Formerly, FormerSides } from '../setup/former-sides.ts'
import { type Move, moveOf } from './move.ts'
import { checkedFormer, type FormerSessions } from './options.ts'
import { connectSide, isInUse, isMarked, type Side } from './side.ts'
import type { Former } from './former.ts'
import { RequestFormers } from './visit.ts'

/** The most former sides: for a visitor without a session each of them may be asked. */
const MOST_SIDES = 8

/**
 * Makes the option `formerly`: accepts sessions from before a change of cookie format, store or
 * library.
 *
 * If a visitor has such a session and none of ours, the session is moved: the request reads the
 * former data, and its response sets our cookie. The former cookie is then expired and the former
 * session ended. With `dualWrite` both continue instead, and each commit writes the former session
 * as well.
 *
 * @example
 * import { createSessions } from 'sojourn'
 * import { flask } from 'sojourn/flask'
 * import { formerly } from 'sojourn/formerly'
 * createSessions({
 *   secret: process.env.SESSION_SECRET,
 *   formerly: formerly({
 *     sessions: flask({ SECRET_KEY: process.env.SECRET_KEY }),
 *     until: '2027-03-01',
 *   }),
 * })
 */
export function formerly(former: FormerSessions | readonly FormerSessions[]): Formerly {
  return {
    connect(context) {
      const isList = Array.isArray(former)
      const given: readonly unknown[] = isList ? former : [former]
      if (given.length === 0 || given.length > MOST_SIDES) {
        throw invalid('formerly', `has to be one to ${MOST_SIDES} former sides`)
      }
      const now = context.ours.clock()
      const sides = given.map((one, index) => {
        const at = isList ? `formerly[${index}]` : 'formerly'
        return connectSide(checkedFormer(one, at, now), context, at)
      })
      context.ours.stored?.rememberRevocations(Math.max(...sides.map(({ until }) => until)))
      return sidesOf(sides, context.ours)
    },
  }
}

interface Found {
  move?: Move
  joined?: Opened
}

function sidesOf(sides: readonly Side[], ours: FormerContext['ours']): FormerSides {
  function open(
    facts: RequestFacts,
    opened: Opened,
    now: number,
  ): Maybe<RequestFormers | undefined> {
    const formers = sides.flatMap((side): Former[] => {
      const values = side.sent(facts)
      const isWritten = side.dualWrite && now < side.until
      return values.length > 0 || isWritten ? [{ side, values, opened: undefined }] : []
    })
    if (formers.length === 0) return undefined
    const visit = new RequestFormers(ours, facts, formers, opened)
    // Our own session counts, if the visitor has one, or a concurrent request has just renewed it.
    if (opened.record || isInUse(opened)) return visit
    const asked = formers.filter(({ side, values }) => values.length > 0 && now < side.until)
    return andThen(firstFound(asked, facts, now), (found) => {
      if (!found) return visit
      const { move, joined } = found
      return new RequestFormers(ours, facts, formers, opened, move, joined)
    })
  }

  /** The first former session that is valid, or that another request is moving. */
  function firstFound(
    [former, ...rest]: readonly Former[],
    facts: RequestFacts,
    now: number,
  ): Maybe<Found | undefined> {
    if (!former) return undefined
    const { side, values } = former
    return andThen(side.settings.backend.open(values, now), (opened) => {
      former.opened = opened
      return andThen(moveOf(ours, former, opened, facts, now), (move) => {
        if (typeof move === 'object') return { move }
        former.isRevoked = move === 'revoked'
        return andThen(joinedOf(former, opened, now), (joined) => {
          if (joined) return { joined }
          side.use.refused++
          return firstFound(rest, facts, now)
        })
      })
    })
  }

  /** Our session, if a concurrent request has just moved the former one, and ended or marked it. */
  function joinedOf({ side, values }: Former, { record, rejected }: Opened, now: number) {
    const isMoved = record ? isMarked(record, side) : rejected.includes('gone')
    return isMoved ? ours.stored?.openOnce(side.seed(values), now) : undefined
  }

  return {
    open,
    use: () => sides.map(({ use }) => ({ ...use })),
    stored: sides.flatMap(({ settings }) => settings.stored ?? []),
    policy: sides.map(({ name, settings, until, dualWrite }) => ({
      name,
      cookieName: settings.cookieName,
      until: new Date(until).toISOString(),
      dualWrite,
    })),
  }
}
