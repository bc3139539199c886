/** `sojourn doctor MODULE`: what a reviewer asks about the sessions of an app. */

import { loadEnvFile } from 'node:process'
import { fail, type Finding, pass, warn } from './finding.ts'
import { load, within } from '../command/load.ts'
import { policyFindings } from './policy-checks.ts'
import { withoutSecrets } from '../command/redact.ts'
import { environmentFinding, nodeFinding } from './surroundings.ts'
import { usageError } from '../command/usage-error.ts'

/** How long the store may take to tell its settings. */
const STORE_MS = 10_000

/** Looks at the sessions of a module, which is loaded and may leave anything running. */
export async function examineModule(path: string, envFile: string | undefined): Promise<Finding[]> {
  if (envFile !== undefined) takeVariables(envFile)
  // Who reviews asks about production; only who says otherwise means otherwise.
  const isOurs = process.env['NODE_ENV'] === undefined
  if (isOurs) process.env['NODE_ENV'] = 'production'
  const around = [
    nodeFinding(process.versions.node, Date.now()),
    environmentFinding(process.env['NODE_ENV'], isOurs),
  ]
  const loaded = await load(path)
  if ('says' in loaded) return [...around, fail('module', loaded.says, loaded.remedy)]
  const { sessions } = loaded
  const policy = sessions.describePolicy()
  const settings = sessions.checkStore
    ? await storeFindings(policy.backend, sessions.checkStore)
    : []
  return [...around, ...policyFindings(policy), ...settings]
}

async function storeFindings(
  engine: string,
  checkStore: () => Promise<readonly string[]>,
): Promise<Finding[]> {
  try {
    const found = await within(STORE_MS, checkStore())
    if (found.length === 0)
      return [pass('settings', `${engine} has nothing set that endangers sessions.`)]
    return found.map((finding) => warn('settings', finding, 'As it says, or note the reason.'))
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    const message = withoutSecrets(cause instanceof Error ? cause.message : String(cause))
    return [
      fail(
        'settings',
        `${engine} could not be asked: ${message.split('\n')[0]}`,
        'Start it, or run this where it can be reached.',
      ),
    ]
  }
}

/** Takes the variables of a file as `node --env-file` does: what is set already stays. */
function takeVariables(file: string): void {
  try {
    loadEnvFile(file)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    throw usageError('There is no file of the name that --env gives.')
  }
}
