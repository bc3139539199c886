/** `sojourn doctor MODULE`: checks the session settings of an app. */

import { existsSync } from 'node:fs'
import { type AppSessions, load, takeVariables } from '../command/load.ts'
import { explained } from '../command/redact.ts'
import { check, consider, fail, type Finding, pass, warn } from './finding.ts'
import { policyFindings } from './policy-checks.ts'

/** Checks the sessions of a module. The module is loaded, and may keep running. */
export async function examineModule(
  path: string,
  { env, export: wanted }: { env?: string | undefined; export?: string | undefined },
): Promise<Finding[]> {
  takeVariables(env)
  const around = [nodeFinding(process.versions.node), environmentFinding()]
  // Loaded after the check of NODE_ENV: a .env file sets it for the developer's own machine.
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
    const { says, remedy = "Use the command of the app's release of Sojourn." } = explained(error)
    return [...around, fail('module', says, remedy)]
  }
}

/** Checks whether the library runs on this Node.js, and whether the line has long-term support. */
export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  // From 27 on, every major version gets long-term support.
  const isLasting = major % 2 === 0 || major >= 27
  if (major < 20 || (major === 20 && minor < 19)) {
    return fail('Node.js', `${version} is too old: 20.19 is needed.`, RELEASES)
  }
  return consider('Node.js', isLasting, `${version}. For the end of its support ${RELEASES}`, [
    `${version} has no long-term support: its fixes end after some months.`,
    RELEASES,
  ])
}

const RELEASES = 'see nodejs.org/en/about/previous-releases.'

/** Sets NODE_ENV to production for the report, unless it is set. */
function environmentFinding(): Finding {
  const isOurs = process.env['NODE_ENV'] === undefined
  const environment = (process.env['NODE_ENV'] ??= 'production')
  const says = isOurs ? 'production, for this report: it was not set.' : 'production.'
  return check('NODE_ENV', environment === 'production', says, [
    `${environment}: this report is not for production, which has other defaults.`,
    'Run: NODE_ENV=production npx sojourn doctor ...',
  ])
}

async function storeFindings(engine: string, { checkStore }: AppSessions): Promise<Finding[]> {
  if (!checkStore) return []
  try {
    const found = await checkStore()
    return found.length === 0
      ? [pass('settings', `${engine} has no settings that can lose sessions.`)]
      : found.map((finding) => warn('settings', finding, 'Change it, or write down the reason.'))
  } catch (error) {
    const { says, remedy = 'Run this on a machine that can reach the store.' } = explained(error)
    return [fail('settings', says, remedy)]
  }
}
