/** What the doctor looks at before any session: the Node.js it runs on, and what NODE_ENV says. */

import { check, fail, type Finding, pass, warn } from './finding.ts'

/** Whether this Node.js runs the library, and is of a line that production can run on. */
export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const remedy = 'A line with long-term support: see nodejs.org/en/about/previous-releases.'
  if (major < 20 || (major === 20 && minor < 19)) {
    return fail('Node.js', `${version} is too old: 20.19 is needed.`, remedy)
  }
  // From 27 on, every line gets long-term support.
  if (major % 2 === 1 && major < 27) {
    return warn('Node.js', `${version} is of a line that gets fixes for months only.`, remedy)
  }
  return pass(
    'Node.js',
    `${version}. Until when it gets security fixes: nodejs.org/en/about/previous-releases.`,
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
