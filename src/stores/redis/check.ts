/** The settings of Redis, and the rights of its user, that can lose sessions or keep them open. */

import type { RedisConnection, SendCommand } from './client.ts'
import { findRefusals, isRefusal, type UnusedKeys } from './rights.ts'
import { textOf } from './row.ts'

/** A sentence for each missing right, and for each such setting of any primary. */
export async function checkRedis(connection: RedisConnection, keys: UnusedKeys): Promise<string[]> {
  const findings = await Promise.all([
    findRefusals(connection, keys),
    ...(await connection.primaries()).map(checkServer),
  ])
  return [...new Set(findings.flat())]
}

/** A sentence if this user may not publish which sessions have ended. It publishes an empty message. */
export async function checkPublishing(
  { send }: RedisConnection,
  channel: string,
): Promise<string[]> {
  try {
    await send(channel, ['PUBLISH', channel, ''])
    return []
  } catch (error) {
    if (!isRefusal(error)) throw error
    return [
      `Redis does not let this user publish which sessions have ended, so other processes close their sockets only at the next poll. Allow it with ACL SETUSER: +publish &${channel}.`,
    ]
  }
}

async function checkServer(send: SendCommand): Promise<string[]> {
  const settings = new Map<string, string>()
  try {
    for (const pattern of ['maxmemory*', 'append*', 'save']) {
      for (const [name, value] of await settingsOf(send, pattern)) settings.set(name, value)
    }
  } catch (error) {
    if (!isRefusal(error)) throw error
    return [
      'Redis does not let this user read its settings (CONFIG GET), so they could not be checked: maxmemory-policy should be noeviction, and appendonly yes.',
    ]
  }
  const found: string[] = []
  const policy = settings.get('maxmemory-policy') ?? 'noeviction'
  if (policy !== 'noeviction') {
    found.push(
      `Redis evicts sessions when its memory is full (maxmemory-policy ${policy}), which signs people out and forgets revocations: set it to noeviction.`,
    )
  }
  if (settings.get('appendonly') === 'no') {
    found.push(
      settings.get('save') === ''
        ? 'Redis stores nothing on disk (appendonly no, save ""): a restart ends every session. Set appendonly yes.'
        : 'Redis writes to disk only from time to time (appendonly no): a crash loses the newest sessions, and brings back those that had just ended. Set appendonly yes.',
    )
  }
  return found
}

/** The settings that match: a list that alternates names and values, or, in RESP 3, a map. */
async function settingsOf(send: SendCommand, pattern: string): Promise<[string, string][]> {
  const reply = await send(['CONFIG', 'GET', pattern])
  const isMap = Object.prototype.toString.call(reply) === '[object Map]'
  const pairs = isMap ? [...(reply as Map<unknown, unknown>)] : Object.entries(reply as object)
  const texts = (Array.isArray(reply) ? reply : pairs.flat()).map((part) => textOf(part) ?? '')
  return texts.flatMap((name, at) => (at % 2 === 0 ? [[name, texts[at + 1] ?? '']] : []))
}
