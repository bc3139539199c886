/** What a check has found, and how the findings of all are told. */

import { printable } from '../../base/printable.ts'
import { printableLines } from '../command/terminal.ts'

/** One line of a report. What is not a pass says what to do. */
export type Finding =
  | { verdict: 'pass'; about: string; says: string }
  | { verdict: 'warn' | 'fail'; about: string; says: string; remedy: string }

/** All is well with this. */
export function pass(about: string, says: string): Finding {
  return { verdict: 'pass', about, says }
}

/** A reviewer will ask why this is so. */
export function warn(about: string, says: string, remedy: string): Finding {
  return { verdict: 'warn', about, says, remedy }
}

/** This must not be so where visitors come. */
export function fail(about: string, says: string, remedy: string): Finding {
  return { verdict: 'fail', about, says, remedy }
}

/** Passes or fails. */
export function check(
  about: string,
  holds: unknown,
  says: string,
  fault: [string, string],
): Finding {
  return holds ? pass(about, says) : fail(about, ...fault)
}

/** A report, and the exit code that goes with it. */
export interface Report {
  /** What was looked at, in a line. */
  of: string
  findings: readonly Finding[]
}

/** Prints a report. Answers the exit code: 1 if anything failed. */
export function tell({ of, findings }: Report, json: boolean | undefined): number {
  const count = (verdict: Finding['verdict']) => {
    return findings.filter((finding) => finding.verdict === verdict).length
  }
  const counts = { pass: count('pass'), warn: count('warn'), fail: count('fail') }
  const text = json
    ? printableLines(JSON.stringify({ of, ...counts, findings }, null, 2))
    : [of, '', ...lines(findings), '', summary(counts)].map(printable).join('\n')
  process.stdout.write(`${text}\n`)
  return counts.fail > 0 ? 1 : 0
}

function lines(findings: readonly Finding[]): string[] {
  const width = Math.max(...findings.map(({ about }) => about.length))
  const indent = ' '.repeat(width + 8)
  return findings.flatMap((finding) => [
    `${finding.verdict}  ${finding.about.padEnd(width)}  ${finding.says}`,
    ...(finding.verdict === 'pass' ? [] : [`${indent}-> ${finding.remedy}`]),
  ])
}

function summary({ pass: passed, warn: warned, fail: failed }: Record<string, number>): string {
  return `${passed} passed, ${warned} to be looked at, ${failed} failed`
}
