/** Histories as a test writes them: who called what from when to when, and was told what. */

import type { Row } from '../../src/backends/stored/store.ts'
import type { Answer, Call, Operation } from './history.ts'

/** Any row; its body follows from its write. */
export function row(write: string, differences: Partial<Row> = {}): Row {
  return { write, recent: [], expiresAt: 1000, owner: null, body: `by ${write}`, ...differences }
}

/** The same row with another end. */
export const until = (expiresAt: number, of: Row): Row => ({ ...of, expiresAt })

export const read: Call = { verb: 'read' }
export const remove: Call = { verb: 'remove' }
export const insert = (row: Row): Call => ({ verb: 'insert', row })
export const swap = (ifWrite: string, row: Row): Call => ({ verb: 'swap', ifWrite, row })
export const touch = (expiresAt: number): Call => ({ verb: 'touch', expiresAt })
export const won: Answer = { won: true }
export const lostTo = (newest: Row | null): Answer => ({ won: false, newest })

/** A call that was answered. */
export function told(from: number, to: number, call: Call, answer: Answer): Operation {
  const outcome = { answer, at: BigInt(to) }
  return { key: 'k', client: 'c', call, calledAt: BigInt(from), outcome }
}

/** A call that was never answered. */
export function untold(from: number, call: Call): Operation {
  return { key: 'k', client: 'c', call, calledAt: BigInt(from), outcome: null }
}

/** Calls one after the other, each answered before the next. */
export function inTurn(...turns: readonly (readonly [Call, Answer])[]): Operation[] {
  return turns.map(([call, answer], index) => told(index * 10, index * 10 + 5, call, answer))
}
