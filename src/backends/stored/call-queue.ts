/** Limits the concurrent calls of a store: further calls wait for their turn, a bounded time. */

import type { Clock, Timer } from '../../base/ports.ts'
import type { StoreLoad } from '../store-backend.ts'
import { notSent } from './store-errors.ts'

/** A call that was sent. It is in flight until the client settles it. */
export interface SentCall {
  readonly verb: string
  /** Whether it is past its deadline. Nothing waits for it, but it still occupies the client. */
  isLate: boolean
  /** When it passed its deadline, or first delayed another call. The clock is read only then. */
  seenAt: number
  /** Whether it waited for its turn. A longer deadline around it includes that time. */
  readonly hasWaited: boolean
  /** Its index among the calls in flight; -1 if it is not in flight any more. */
  place: number
}

/** The calls of one store: those in flight, and those that wait. */
export interface CallQueue {
  /** Counts a call as sent: at once if there is room, otherwise when its turn comes. */
  enter(verb: string): SentCall | Promise<SentCall>
  /** Counts a call that shares the turn of one that waits. If too many wait, returns the refusal. */
  join(verb: string): Promise<never> | undefined
  /** The turn of that many calls has come, or was refused. */
  unjoin(count: number, isRefused: boolean): void
  /** The client has settled the call: the next one is sent. */
  leave(call: SentCall): void
  /** The deadline of the call has passed. */
  markLate(call: SentCall): void
  load(): StoreLoad
  /** Whether a call waits for its turn, or has waited and is not past its own deadline. */
  isQueueing(): boolean
}

interface QueueOptions {
  /** How many calls may be in flight. */
  readonly most: number
  /** How long a call waits at most, in milliseconds. */
  readonly patience: number
  /** Verbs with a longer deadline. They do not count when deciding whether the store is silent. */
  readonly upkeep: ReadonlySet<string>
  readonly timer: Timer
  readonly clock: Clock
}

interface Waiting {
  readonly verb: string
  begin(call: SentCall): void
  reject(error: unknown): void
  cancel(): void
}

/** The most calls that wait. More are refused, so that an overload cannot fill the memory. */
const MAX_WAITING = 4096

/** The time after which a call no longer counts as in flight: some clients never settle a call. */
const LOST_AFTER_MS = 30_000

/**
 * Makes the queue, first in, first out. A deadline begins when the call is sent.
 *
 * If every call in flight is past its deadline, upkeep aside, the store is silent. Then nothing
 * waits: the calls in the queue are refused at once, and so are new ones.
 */
export function callQueue({ most, patience, upkeep, timer, clock }: QueueOptions): CallQueue {
  // Not a Set, which would allocate a table for each call.
  const sent: SentCall[] = []
  const waiting = new Set<Waiting>()
  /** How many calls share the turn of one that waits. */
  let joined = 0
  let refused = 0

  function send(verb: string, hasWaited: boolean): SentCall {
    const call = { verb, isLate: false, seenAt: 0, hasWaited, place: sent.length }
    sent.push(call)
    return call
  }

  /** Removes a call: moves the last one to its index. */
  function remove(call: SentCall): void {
    const last = sent.pop()!
    if (last !== call) sent[(last.place = call.place)] = last
    call.place = -1
  }

  function sendNext(): void {
    for (const next of waiting) {
      if (sent.length >= most) return
      waiting.delete(next)
      next.cancel()
      next.begin(send(next.verb, true))
    }
  }

  function dropLost(): void {
    const now = clock()
    for (const call of sent) call.seenAt ||= now
    for (const call of sent.filter(({ seenAt }) => now - seenAt >= LOST_AFTER_MS)) remove(call)
    sendNext()
  }

  function refusal(verb: string, why: string) {
    refused += 1
    return notSent(verb, why)
  }

  const isFull = () => waiting.size + joined >= MAX_WAITING
  const refuseMore = (verb: string) =>
    Promise.reject(refusal(verb, `${MAX_WAITING} calls already wait for their turn`))

  function refuse(call: Waiting, why: string): void {
    waiting.delete(call)
    call.cancel()
    call.reject(refusal(call.verb, why))
  }

  const isSilent = () =>
    sent.length >= most &&
    sent.some(({ isLate }) => isLate) &&
    sent.every(({ isLate, verb }) => isLate || upkeep.has(verb))

  const allLate = `${most} calls were sent, and none was answered before its deadline`

  function wait(verb: string): Promise<SentCall> {
    // Continues as work of its own request, and not of the request whose call has ended.
    return new Promise((begin, reject) => {
      const cancel = timer(() => {
        dropLost()
        if (!waiting.has(call)) return
        refuse(
          call,
          `${most} calls were in flight, and its turn did not come within ${patience} ms`,
        )
      }, patience)
      const call: Waiting = { verb, begin, reject, cancel }
      waiting.add(call)
    })
  }

  return {
    enter(verb) {
      if (sent.length < most) return send(verb, false)
      dropLost()
      if (sent.length < most) return send(verb, false)
      if (isSilent()) return Promise.reject(refusal(verb, allLate))
      return isFull() ? refuseMore(verb) : wait(verb)
    },
    join(verb) {
      if (isSilent()) return Promise.reject(refusal(verb, allLate))
      if (isFull()) return refuseMore(verb)
      joined += 1
      return undefined
    },
    unjoin(count, isRefused) {
      joined -= count
      if (isRefused) refused += count
    },
    leave(call) {
      if (call.place < 0) return
      remove(call)
      if (waiting.size > 0) sendNext()
    },
    markLate(call) {
      call.isLate = true
      call.seenAt ||= clock()
      if (waiting.size === 0 || !isSilent()) return
      for (const each of waiting) refuse(each, allLate)
    },
    load: () => ({ inFlight: sent.length, waiting: waiting.size + joined, refused }),
    isQueueing: () => waiting.size > 0 || sent.some((call) => call.hasWaited && !call.isLate),
  }
}
