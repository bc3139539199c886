/** `sojourn doctor MODULE`: what a reviewer asks about the sessions of an app. */

import { type AppSessions, load, type LoadOptions, takeVariables, within } from '../command/load.ts'
import { reasonOf } from '../command/redact.ts'
import { fail, type Finding, pass, warn } from './finding.ts'
import { policyFindings } from './policy-checks.ts'
import { environmentFinding, nodeFinding } from './surroundings.ts'

/** How long the store may take to tell its settings. */
const STORE_MS = 10_000

/** Looks at the sessions of a module, which is loaded and may leave anything running. */
export async function examineModule(path: string, options: LoadOptions): Promise<Finding[]> {
  if (options.env !== undefined) takeVariables(options.env)
  // Who reviews asks about production; only who says otherwise means otherwise.
  const isOurs = process.env['NODE_ENV'] === undefined
  process.env['NODE_ENV'] ??= 'production'
  const around = [
    nodeFinding(process.versions.node),
    environmentFinding(process.env['NODE_ENV'], isOurs),
  ]
  const loaded = await load(path, { export: options.export })
  if ('says' in loaded) return [...around, fail('module', loaded.says, loaded.remedy)]
  const policy = loaded.sessions.describePolicy()
  const settings = await storeFindings(policy.backend, loaded.sessions.checkStore)
  return [...around, ...policyFindings(policy), ...settings]
}

async function storeFindings(
  engine: string,
  checkStore: AppSessions['checkStore'],
): Promise<Finding[]> {
  if (!checkStore) return []
  try {
    const found = await within(STORE_MS, checkStore())
    if (found.length === 0)
      return [pass('settings', `${engine} has nothing set that endangers sessions.`)]
    return found.map((finding) => warn('settings', finding, 'As it says, or note the reason.'))
  } catch (error) {
    const remedy = 'Start it, or run this where it can be reached.'
    return [fail('settings', `${engine} could not be asked: ${reasonOf(error)}`, remedy)]
  }
}
