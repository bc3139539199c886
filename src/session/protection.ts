/** Login protection: changes a session whose login does not fit the request that presents it. */

import type { Change } from '../record/changes.ts'
import { note, type State } from './state.ts'

export const NO_CHANGES: readonly Change[] = []

/** Applies what the preset's protection asks for, and returns those changes. */
export function protectLogin(state: State): readonly Change[] {
  const { host, facts, opened } = state
  if (host.protection === undefined || opened.record === undefined) return NO_CHANGES
  const at = Math.floor(host.clock() / 1000)
  const changes = host.protection(opened.record, host.backend.layout, facts, at)
  if (changes === undefined) return NO_CHANGES
  const ended = changes.some((change) => change.do === 'logout')
  host.emit({ type: 'login-mismatch', ended }, opened)
  for (const change of changes) note(state, 'the login protection', change)
  return changes
}
