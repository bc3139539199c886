/** The settings of Redis that can lose sessions. */

import type { RedisConnection, SendCommand } from './client.ts'
import { textOf } from './row.ts'

/** Asks every primary. @returns a sentence for each setting that can lose sessions. */
export async function checkRedis(connection: RedisConnection): Promise<string[]> {
  const findings = await Promise.all((await connection.primaries()).map(checkServer))
  return [...new Set(findings.flat())]
}

async function checkServer(send: SendCommand): Promise<string[]> {
  let settings: Map<string, string>
  try {
    settings = new Map([
      ...(await settingsOf(send, 'maxmemory*')),
      ...(await settingsOf(send, 'append*')),
      ...(await settingsOf(send, 'save')),
    ])
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
        ? 'Redis keeps nothing on disk (appendonly no, save ""): a restart ends every session. Set appendonly yes.'
        : 'Redis writes to disk only now and then (appendonly no): a crash loses the newest sessions, and brings back those that had just ended. Set appendonly yes.',
    )
  }
  return found
}

/** The settings that match: a list of names and values in turn, or, in RESP 3, a map. */
async function settingsOf(send: SendCommand, pattern: string): Promise<[string, string][]> {
  const reply = await send(['CONFIG', 'GET', pattern])
  if (reply instanceof Map) return pairs([...reply].flat())
  if (Array.isArray(reply)) return pairs(reply)
  return pairs(Object.entries(reply as object).flat())
}

function pairs(flat: readonly unknown[]): [string, string][] {
  const texts = flat.map((part) => textOf(part) ?? '')
  return texts.flatMap((name, index) =>
    index % 2 === 0 ? [[name, texts[index + 1] ?? ''] satisfies [string, string]] : [],
  )
}

/** NOPERM from an access list, an unknown command where a provider has taken it away. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && /^(?:NOPERM|ERR unknown|ERR.*not allowed)/i.test(error.message)
}
