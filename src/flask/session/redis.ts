/** Flask-Session's sessions in Redis: one string for each, of msgpack or JSON. */

import type { ForeignStore, ForeignWrite } from '../../backends/foreign/foreign-store.ts'
import { invalid } from '../../base/options.ts'
import type { Clock } from '../../base/ports.ts'
import { isError } from '../../base/realm.ts'
import { connectRedis, type RedisClient } from '../../stores/redis/client.ts'
import { run, script } from '../../stores/redis/scripts.ts'
import type { Serializer } from './serializer.ts'

/** ARGV: the value to replace, the new value, ttl in milliseconds. Returns whether it was replaced. */
const REPLACE = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
`)

/** Makes the store. @throws ERR_OPTION_INVALID for a client that cannot be used, such as Bun's. */
export function flaskSessionRedis(
  client: RedisClient,
  { prefix, clock, serializer }: { prefix: string; clock: Clock; serializer: Serializer },
): ForeignStore {
  const { bypassed, sendBytes: send } = connectRedis(client)
  if (!send) {
    throw invalid(
      'SESSION_REDIS',
      "cannot return bytes: Bun's client. Pass one of ioredis or redis",
    )
  }
  const keyOf = (id: string) => bypassed + prefix + id
  const ttl = ({ expiresAt }: ForeignWrite) => String(Math.max(1, Math.ceil(expiresAt - clock())))

  return {
    engine: 'Redis, as Flask-Session',
    async read(id) {
      const key = keyOf(id)
      let bytes: unknown
      try {
        bytes = await send(key, ['GET', key])
      } catch (error) {
        // The key belongs to another type of value, such as a list: not a session.
        if (isError(error) && error.message.startsWith('WRONGTYPE')) return 'corrupt'
        throw error
      }
      if (bytes === null) return undefined
      if (!Buffer.isBuffer(bytes)) throw new Error('the client returned no bytes')
      // Flask-Session treats an empty value as no session.
      if (bytes.length === 0) return undefined
      const text = serializer.decode(bytes)
      return text === undefined ? 'corrupt' : { text, version: bytes }
    },
    async insert(id, entry) {
      const key = keyOf(id)
      await send(key, ['SET', key, serializer.encode(entry.text), 'PX', ttl(entry)])
    },
    async replace(id, entry, { version }) {
      const after = serializer.encode(entry.text)
      const args = [version as Buffer, after, ttl(entry)]
      return Number(await run({ send }, REPLACE, keyOf(id), args)) === 1
    },
    async touch(id, entry) {
      const key = keyOf(id)
      await send(key, ['PEXPIRE', key, ttl(entry)])
    },
    async remove(id) {
      const key = keyOf(id)
      await send(key, ['DEL', key])
    },
  }
}
