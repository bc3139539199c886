/** `sojourn doctor`: reports what a reviewer would ask about the sessions of an app. */

import { command, usageError } from '../command/command.ts'
import { LOAD_OPTIONS, quietly } from '../command/load.ts'
import { withoutSecrets } from '../command/redact.ts'
import { examineModule } from './examine-module.ts'
import { examineUrl, isAddress } from './examine-url.ts'
import { report } from './finding.ts'

const USAGE = `sojourn doctor MODULE                     loads a module that makes sessions, and reports what a
                                            reviewer would ask of them in production
                  [--env FILE]              with its variables; otherwise with those of .env
                  [--export NAME]           which sessions, if it exports several
sojourn doctor URL                        asks for a page on this machine, and reports on its cookie
                  [--name NAME]             which cookie, if it is not to be guessed
                  [--json]                  for programs
`

export const doctor = command({
  usage: USAGE,
  options: { ...LOAD_OPTIONS, name: { type: 'string' }, json: { type: 'boolean' } },
  async run({ env, export: wanted, name }, [target, ...more]) {
    if (!target || more.length > 0) {
      throw usageError('Give one module or one address: sojourn doctor app.js, or localhost:3000.')
    }
    const isPage = isAddress(target)
    if (isPage && (env ?? wanted) !== undefined) {
      throw usageError('--env and --export go with a module.')
    }
    if (!isPage && name !== undefined) throw usageError('--name goes with an address.')
    const findings = isPage
      ? await examineUrl(target, name)
      : await quietly(() => examineModule(target, { env, export: wanted }))
    return report(withoutSecrets(target), findings)
  },
})
