/** The modules of the project that the command is run in: a database's client is the user's own. */

import { createRequire } from 'node:module'
import { join } from 'node:path'

/** The first of these packages that the project has; nothing if it has none of them. */
export function firstInProject<Name extends string>(
  names: readonly Name[],
): { name: Name; exported: unknown } | undefined {
  // Node looks into node_modules from the folder of this file upwards; the file need not exist.
  const require = createRequire(join(process.cwd(), 'sojourn.cjs'))
  for (const name of names) {
    if (isThere(name, require)) return { name, exported: require(name) as unknown }
  }
  return undefined
}

function isThere(name: string, require: NodeJS.Require): boolean {
  try {
    require.resolve(name)
    return true
  } catch (error) {
    // Whatever else is wrong with a package that is there, loading it says.
    return !(error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND')
  }
}
