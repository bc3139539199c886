/** Finds the commands and keys that an access list (ACL) of Redis refuses to the store. */

import { isError } from '../../base/realm.ts'
import type { RedisConnection, SendCommand } from './client.ts'

/** A key of each kind that no session and no user has. */
export interface UnusedKeys {
  readonly session: string
  readonly list: string
}

/** A text that cannot be a session id or a user id. */
export const UNUSED = '\0'

/**
 * Every command of the store and of its scripts, in a form that changes nothing if the key does not
 * exist. docs/guide/stores.md lists the same commands.
 */
function probes({ session, list }: UnusedKeys): readonly (readonly [string, ...string[]])[] {
  return [
    ['GET', session],
    ['SET', session, '', 'XX', 'PX', '1'],
    ['STRLEN', session],
    ['GETRANGE', session, '0', '0'],
    ['DEL', session],
    ['ZSCORE', list, ''],
    ['ZMSCORE', list, ''],
    ['ZCOUNT', list, '1', '1'],
    ['ZRANGE', list, '0', '0'],
    ['ZRANGEBYSCORE', list, '1', '1'],
    ['ZADD', list, 'XX', '1', ''],
    ['ZREM', list, ''],
    ['PTTL', list],
    ['PEXPIRE', list, '1'],
    ['EVAL', 'return 1', '1', list],
    // A hash that no script has.
    ['EVALSHA', '0'.repeat(40), '1', session],
  ]
}

/** A sentence for the commands that this user may not run, and one for the refused keys. */
export async function findRefusals(
  connection: RedisConnection,
  keys: UnusedKeys,
): Promise<string[]> {
  const primaries = await connection.primaries()
  const refusals = await Promise.all([
    ...probes(keys).map((args) => {
      const key = args.includes(keys.list) ? keys.list : keys.session
      return refusalOf(args, (command) => connection.send(key, command))
    }),
    ...primaries.map((send) => refusalOf(['SCAN', '0', 'COUNT', '1'], send)),
  ])
  const commands = new Set(refusals.filter((name) => name !== '' && name !== KEYS))
  const found: string[] = []
  if (commands.size > 0) {
    const rights = [...commands].map((name) => `+${name.toLowerCase()}`)
    found.push(
      `Redis does not let this user run ${[...commands].join(', ')}. Without these commands not all sessions can be opened, saved and ended. Allow them with ACL SETUSER: ${rights.join(' ')}.${commands.has('ZMSCORE') ? ' Redis has ZMSCORE since version 6.2.' : ''}`,
    )
  }
  if (refusals.includes(KEYS)) {
    const [sessions, lists] = [keys.session, keys.list].map(
      (key) => `~${connection.added}${key.slice(0, -UNUSED.length)}*`,
    )
    found.push(
      `Redis does not let this user read and write all keys of sessions and of users. Allow both patterns with ACL SETUSER: ${sessions} and ${lists}.`,
    )
  }
  return found
}

/** Whether Redis refuses a command to this user, or does not have the command. */
export function isRefusal(error: unknown): error is Error {
  return isError(error) && /^(?:NOPERM|ERR unknown|ERR.*not allowed)/i.test(error.message)
}

const KEYS = 'keys'

/** The command's name if it is refused, `KEYS` if its keys are, `''` if it is allowed. */
async function refusalOf(args: readonly [string, ...string[]], send: SendCommand): Promise<string> {
  try {
    await send([...args])
  } catch (error) {
    if (isRefusal(error)) return /^NOPERM(?!.* to run )/.test(error.message) ? KEYS : args[0]
    // If the script is not cached, or the server's memory is full, the user may run the command.
    if (!(isError(error) && /^(?:NOSCRIPT|OOM)/.test(error.message))) throw error
  }
  return ''
}
