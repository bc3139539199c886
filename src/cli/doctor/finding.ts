/** The result of a check, and the report of all results. */

import { printable } from '../../base/printable.ts'
import type { Answer } from '../command/command.ts'
import { columns } from '../command/terminal.ts'

/** The result of one check. Unless it passed, it says what to do. */
export interface Finding {
  verdict: 'pass' | 'warn' | 'fail'
  about: string
  says: string
  remedy?: string
}

/** What is wrong, and what to do about it. */
type Fault = readonly [says: string, remedy: string]

/** A check that passed. */
export function pass(about: string, says: string): Finding {
  return { verdict: 'pass', about, says }
}

/** Passes, or warns: there may be a reason for it. */
export function consider(about: string, holds: boolean, says: string, doubt: Fault): Finding {
  return holds ? pass(about, says) : warn(about, ...doubt)
}

/** Passes, or fails: it must not be so in production. */
export function check(about: string, holds: boolean, says: string, fault: Fault): Finding {
  return holds ? pass(about, says) : fail(about, ...fault)
}

export function warn(about: string, ...[says, remedy]: Fault): Finding {
  return { verdict: 'warn', about, says, remedy }
}

export function fail(about: string, ...[says, remedy]: Fault): Finding {
  return { verdict: 'fail', about, says, remedy }
}

/** The report, with exit code 1 if a check failed. */
export function report(of: string, findings: readonly Finding[]): Answer {
  const counts = { pass: 0, warn: 0, fail: 0 }
  for (const { verdict } of findings) counts[verdict]++
  const rows = findings.flatMap(({ verdict, about, says, remedy }) => [
    [verdict, about, says],
    ...(remedy === undefined ? [] : [['', '', `-> ${remedy}`]]),
  ])
  const summary = `${counts.pass} passed, ${counts.warn} warnings, ${counts.fail} failed`
  return {
    text: [printable(of), '', columns(rows), '', summary].join('\n'),
    json: { of, ...counts, findings },
    code: counts.fail > 0 ? 1 : 0,
  }
}
