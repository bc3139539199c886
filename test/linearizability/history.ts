/** A history: what clients asked of a store, what they were told, and when. */

import type { Row, Swap } from '../../src/backends/stored/store.ts'

export type Call =
  | { readonly verb: 'read' }
  | { readonly verb: 'insert'; readonly row: Row }
  | { readonly verb: 'swap'; readonly ifWrite: string; readonly row: Row }
  | { readonly verb: 'touch'; readonly expiresAt: number }
  | { readonly verb: 'remove' }

export type Answer = Row | null | boolean | Swap

export interface Operation {
  readonly key: string
  readonly client: string
  readonly call: Call
  /** In nanoseconds, by a clock that all processes of the machine share. */
  readonly calledAt: bigint
  /**
   * What the client was told; null where it was told nothing. Such a call may be executed at any
   * time after it was made: once, twice or never.
   */
  readonly outcome: { readonly answer: Answer; readonly at: bigint } | null
}

/** The history of each key. A store is linearizable if each key is: no verb spans two keys. */
export function byKey(operations: readonly Operation[]): Map<string, Operation[]> {
  const histories = new Map<string, Operation[]>()
  for (const operation of operations) {
    const history = histories.get(operation.key)
    if (history) history.push(operation)
    else histories.set(operation.key, [operation])
  }
  return histories
}

/** Each operation once, with its answer if it was told one: the last word on it counts. */
export function asLastTold(told: readonly Operation[]): Operation[] {
  const operations = new Map<string, Operation>()
  for (const operation of told) {
    operations.set(`${operation.client} ${operation.calledAt}`, operation)
  }
  return [...operations.values()]
}

/** One line of JSON; `fromLine` is its inverse. */
export function toLine({ key, client, call, calledAt, outcome }: Operation): string {
  const told = outcome && [outcome.answer, String(outcome.at)]
  return JSON.stringify([key, client, call, String(calledAt), told])
}

type Line = [key: string, client: string, call: Call, calledAt: string, [Answer, string] | null]

export function fromLine(line: string): Operation {
  const [key, client, call, calledAt, told]: Line = JSON.parse(line)
  const outcome = told && { answer: told[0], at: BigInt(told[1]) }
  return { key, client, call, calledAt: BigInt(calledAt), outcome }
}
