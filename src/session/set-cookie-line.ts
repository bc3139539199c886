/** The Set-Cookie line of a request: stored from the commit to the response, and left out if outdated. */

import type { Outgoing } from '../http/headers.ts'
import { userIdOf } from '../record/record.ts'
import type { State } from './state.ts'

/** Replaces the line of an earlier commit. A renewal after a change of this request counts as a change. */
export function setLine(
  state: State,
  line: string,
  isRenewal = false,
  also?: readonly string[],
): void {
  const { host, setCookie: before } = state
  if (state.also) (state.withdrawn ??= []).push(...state.also.filter((one) => !also?.includes(one)))
  if (also || state.also) state.also = also
  const isMere = isRenewal && (before === undefined || state.renewedAsOf !== undefined)
  if (before !== undefined && before !== line) (state.withdrawn ??= []).push(before)
  state.setCookie = line
  // A store has just compared the session with its newest row. A cookie is as old as the request.
  if (isMere) state.renewedAsOf = host.stored ? host.clock() : state.startedAt
  else if (state.renewedAsOf !== undefined) state.renewedAsOf = undefined
}

/** Replaces the lines of former sessions. */
export function setFormerLines(state: State, lines: readonly string[]): void {
  const gone = state.formerLines?.filter((line) => !lines.includes(line)) ?? []
  if (gone.length > 0) (state.withdrawn ??= []).push(...gone)
  state.formerLines = lines
}

/** The headers that the response needs for this session. */
export function outgoing(state: State): Outgoing {
  const headers = ownHeaders(state)
  const { formerLines, withdrawn } = state
  // Also sent without a line of our own. Of two lines for one former cookie only the last is sent.
  return formerLines ? { withdrawn, ...headers, former: formerLines } : headers
}

function ownHeaders(state: State): Outgoing {
  const { host, setCookie, also, withdrawn, renewedAsOf } = state
  if (setCookie === undefined) return withoutLine(state)
  const { onReplaced } = host
  if (renewedAsOf === undefined) {
    if (withdrawn === undefined && also === undefined) return { vary: true, setCookie, onReplaced }
    return { vary: true, setCookie, also, withdrawn, onReplaced }
  }
  const age = host.clock() - renewedAsOf
  if (age >= 0 && age <= LONGEST_UNTIL_RENEWAL) {
    return { vary: true, setCookie, also, isRenewal: true, withdrawn }
  }
  // Too late: another request may have signed the visitor in or out meanwhile, and its cookie must
  // stay.
  return { ...withoutLine(state), withdrawn: [...(withdrawn ?? []), ...(also ?? []), setCookie] }
}

function withoutLine(state: State): Outgoing {
  if (!isPersonal(state)) return { vary: true, setCookie: undefined }
  const onShared = state.host.development?.sharedPage
  return { vary: true, setCookie: undefined, isPersonal: true, onShared }
}

/** Whether somebody was signed in when the session was opened, is now, or was in between. */
function isPersonal({ base, record, host, wasSignedIn }: State): boolean {
  if (wasSignedIn) return true
  const { layout } = host.backend
  if (userIdOf(record, layout) !== undefined) return true
  return base !== record && userIdOf(base, layout) !== undefined
}

/** A mere renewal is sent only within this time after the request's cookie arrived. In milliseconds. */
const LONGEST_UNTIL_RENEWAL = 1000
