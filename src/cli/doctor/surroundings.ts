/** What the doctor looks at before any session: the Node.js it runs on, and what NODE_ENV says. */

import { check, fail, type Finding, pass, warn } from './finding.ts'

/** When the lines of Node.js that get fixes end, by their major number. */
const ENDS: ReadonlyMap<number, string> = new Map([
  [20, '2026-04-30'],
  [22, '2027-04-30'],
  [24, '2028-04-30'],
  [26, '2029-04-30'],
])

/** Whether this Node.js runs the library, and still gets fixes. */
export function nodeFinding(version: string, now: number): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const remedy = 'A line with long-term support: see nodejs.org/en/about/previous-releases.'
  if (major < 20 || (major === 20 && minor < 19)) {
    return fail('Node.js', `${version} is too old: 20.19 is needed.`, remedy)
  }
  const end = ENDS.get(major)
  if (end !== undefined && now > Date.parse(end)) {
    return warn('Node.js', `${version} gets no security fixes since ${end}.`, remedy)
  }
  if (major % 2 === 1) {
    return warn('Node.js', `${version} is of a line that gets fixes for months only.`, remedy)
  }
  return pass(
    'Node.js',
    `${version}${end === undefined ? '' : `, with security fixes until ${end}`}.`,
  )
}

/** Whether what is reported is what holds in production. */
export function environmentFinding(environment: string | undefined, isOurs: boolean): Finding {
  const says = isOurs ? 'production, for this report: it was not set.' : 'production.'
  return check('NODE_ENV', environment === 'production', says, [
    `${environment ?? ''}: this report is not about production, where other defaults hold.`,
    'NODE_ENV=production npx sojourn doctor ...',
  ])
}
