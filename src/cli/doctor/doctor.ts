/** `sojourn doctor`: checks the session settings of an app, or the session cookie of a page. */

import { command, usageError } from '../command/command.ts'
import { LOAD_OPTIONS, quietly } from '../command/load.ts'
import { withoutSecrets } from '../command/redact.ts'
import { examineModule } from './examine-module.ts'
import { examineUrl, isAddress } from './examine-url.ts'
import { report } from './finding.ts'

const USAGE = `sojourn doctor MODULE                     loads a module that makes sessions, and checks its
                                            settings for production
                  [--env FILE]              loads the variables of this file instead of .env
                  [--export NAME]           which sessions, if it exports several
sojourn doctor URL                        requests a page on this machine, and checks its cookie
                  [--name NAME]             the cookie's name, if it is not found
                  [--json]                  prints JSON
`

export const doctor = command({
  usage: USAGE,
  options: { ...LOAD_OPTIONS, name: { type: 'string' }, json: { type: 'boolean' } },
  async run({ env, export: wanted, name }, [target, ...more]) {
    if (!target || more.length > 0) {
      throw usageError('Pass one module or one address: sojourn doctor app.js, or localhost:3000.')
    }
    const isPage = isAddress(target)
    if (isPage && (env ?? wanted) !== undefined) {
      throw usageError('--env and --export need a module.')
    }
    if (!isPage && name !== undefined) throw usageError('--name needs an address.')
    const findings = isPage
      ? await examineUrl(target, name)
      : await quietly(() => examineModule(target, { env, export: wanted }))
    return report(withoutSecrets(target), findings)
  },
})
