/** `sojourn doctor MODULE`: what a reviewer asks about the sessions of an app. */

import { existsSync } from 'node:fs'
import { type AppSessions, load, takeVariables } from '../command/load.ts'
import { explained } from '../command/redact.ts'
import { check, consider, fail, type Finding, pass, warn } from './finding.ts'
import { policyFindings } from './policy-checks.ts'

/** Looks at the sessions of a module, which is loaded and may leave anything running. */
export async function examineModule(
  path: string,
  { env, export: wanted }: { env?: string | undefined; export?: string | undefined },
): Promise<Finding[]> {
  takeVariables(env)
  const around = [nodeFinding(process.versions.node), environmentFinding()]
  // Last: what it says of NODE_ENV is for the developer's own machine.
  if (env === undefined && existsSync('.env')) takeVariables('.env')
  try {
    const sessions = await load(path, wanted)
    const policy = sessions.describePolicy()
    return [
      ...around,
      ...policyFindings(policy),
      ...(await storeFindings(policy.backend, sessions)),
    ]
  } catch (error) {
    const { says, remedy = 'Use the command of the release that the app has.' } = explained(error)
    return [...around, fail('module', says, remedy)]
  }
}

/** Whether this Node.js runs the library, and is of a line that production can run on. */
export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  // From 27 on, every line gets long-term support.
  const isLasting = major % 2 === 0 || major >= 27
  if (major < 20 || (major === 20 && minor < 19)) {
    return fail('Node.js', `${version} is too old: 20.19 is needed.`, RELEASES)
  }
  return consider('Node.js', isLasting, `${version}. Security fixes until when? ${RELEASES}`, [
    `${version} is of a line that gets fixes for months only.`,
    RELEASES,
  ])
}

const RELEASES = 'See nodejs.org/en/about/previous-releases.'

/** Who reviews asks about production; only who says otherwise means otherwise. */
function environmentFinding(): Finding {
  const isOurs = process.env['NODE_ENV'] === undefined
  const environment = (process.env['NODE_ENV'] ??= 'production')
  const says = isOurs ? 'production, for this report: it was not set.' : 'production.'
  return check('NODE_ENV', environment === 'production', says, [
    `${environment}: this report is not about production, where other defaults hold.`,
    'NODE_ENV=production npx sojourn doctor ...',
  ])
}

async function storeFindings(engine: string, { checkStore }: AppSessions): Promise<Finding[]> {
  if (!checkStore) return []
  try {
    const found = await checkStore()
    return found.length === 0
      ? [pass('settings', `${engine} has no settings that can lose sessions.`)]
      : found.map((finding) => warn('settings', finding, 'As it says, or note the reason.'))
  } catch (error) {
    const { says, remedy = 'Run this where the store can be reached.' } = explained(error)
    return [fail('settings', says, remedy)]
  }
}
