/** The contract of a store, for one key, as a function: what each verb answers and leaves behind. */

import type { Row } from '../../src/backends/stored/store.ts'
import type { Answer, Call } from './history.ts'

/** What is under the key. Nothing is collected while a history lasts. */
export type State = Row | 'nothing' | 'tombstone'

export function execute(state: State, call: Call): { state: State; answer: Answer } {
  const row = typeof state === 'string' ? null : state
  switch (call.verb) {
    case 'read':
      return { state, answer: row }
    case 'insert':
      if (state === 'nothing') return { state: call.row, answer: true }
      return { state, answer: false }
    case 'swap':
      if (row && hasWon(row, call.row.write)) return { state, answer: { won: true } }
      if (row?.write === call.ifWrite) return { state: call.row, answer: { won: true } }
      return { state, answer: { won: false, newest: row } }
    case 'touch':
      if (!row || call.expiresAt <= row.expiresAt) return { state, answer: row !== null }
      return { state: { ...row, expiresAt: call.expiresAt }, answer: true }
    case 'remove':
      return { state: 'tombstone', answer: row !== null }
  }
}

function hasWon(row: Row, write: string): boolean {
  return row.write === write || row.recent.includes(write)
}

/** Whether the answer alone says that the call changed nothing, whatever it met. */
export function changedNothing(call: Call, answer: Answer): boolean {
  switch (call.verb) {
    case 'read':
      return true
    case 'insert':
    case 'touch':
      return answer === false
    case 'swap':
      return typeof answer === 'object' && answer !== null && 'won' in answer && !answer.won
    case 'remove':
      return false
  }
}

/** Equal for equal answers, and for equal states. */
export function textOf(thing: Answer | State): string {
  if (thing === null || typeof thing !== 'object') return String(thing)
  if (!('won' in thing)) return rowText(thing)
  return thing.won ? 'won' : `lost to ${textOf(thing.newest)}`
}

const texts = new WeakMap<Row, string>()

function rowText(row: Row): string {
  const known = texts.get(row)
  if (known !== undefined) return known
  const { write, recent, expiresAt, owner, body } = row
  const text = JSON.stringify([write, recent, expiresAt, owner, body])
  texts.set(row, text)
  return text
}
