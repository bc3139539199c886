/** `sojourn doctor MODULE`: what a reviewer asks about the sessions of an app. */

import { remedyOf } from '../command/command.ts'
import { type AppSessions, load, takeVariables, within } from '../command/load.ts'
import { reasonOf } from '../command/redact.ts'
import { fail, type Finding, pass, warn } from './finding.ts'
import { policyFindings } from './policy-checks.ts'
import { environmentFinding, nodeFinding } from './surroundings.ts'

/** How long the store may take to tell its settings. */
const STORE_MS = 10_000

/** Looks at the sessions of a module, which is loaded and may leave anything running. */
export async function examineModule(
  path: string,
  { env, export: wanted }: { env: string | undefined; export: string | undefined },
): Promise<Finding[]> {
  takeVariables(env)
  // Who reviews asks about production; only who says otherwise means otherwise.
  const isOurs = process.env['NODE_ENV'] === undefined
  process.env['NODE_ENV'] ??= 'production'
  const around = [
    nodeFinding(process.versions.node),
    environmentFinding(process.env['NODE_ENV'], isOurs),
  ]
  try {
    const sessions = await load(path, wanted)
    const policy = sessions.describePolicy()
    const settings = await storeFindings(policy.backend, sessions.checkStore)
    return [...around, ...policyFindings(policy), ...settings]
  } catch (error) {
    return [
      ...around,
      fail(
        'module',
        reasonOf(error),
        remedyOf(error) ?? 'Use the command of the release that the app has.',
      ),
    ]
  }
}

async function storeFindings(
  engine: string,
  checkStore: AppSessions['checkStore'],
): Promise<Finding[]> {
  if (!checkStore) return []
  try {
    const found = await within(STORE_MS, checkStore())
    return found.length === 0
      ? [pass('settings', `${engine} has nothing set that endangers sessions.`)]
      : found.map((finding) => warn('settings', finding, 'As it says, or note the reason.'))
  } catch (error) {
    const remedy = 'Start it, or run this where it can be reached.'
    return [fail('settings', `${engine} could not be asked: ${reasonOf(error)}`, remedy)]
  }
}
