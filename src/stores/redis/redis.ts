/** The store in Redis or Valkey: one string for each session. Each verb is one command or script. */

import { systemClock, type Clock } from '../../base/ports.ts'
import { checkPublishing, checkRedis } from './check.ts'
import { connectRedis, type RedisClient } from './client.ts'
import { UNUSED } from './rights.ts'
import { BEGINNING, decodeRow, encodeRow, isRow, textOf } from './row.ts'
import { ADMIT, EPOCH, exceptedMember, REMOVE, REVOKE, run, SWAP, TOUCH } from './scripts.ts'
import { type RedisSubscriber, subscriptionTo } from './subscribe.ts'
import { type Admission, GARBAGE_MS, type SessionStore } from '../../backends/stored/store.ts'
import { timeToLive } from '../verb-rules.ts'
import { sessionStore } from '../session-store.ts'

export type { RedisClient } from './client.ts'
export type { RedisSubscriber } from './subscribe.ts'

/** Options of `redisStore`. */
export interface RedisStoreOptions {
  /**
   * The beginning of every key: a session is stored at `session#...`, a user's list of sessions at
   * `session@...`. Applications that share a server need different prefixes.
   *
   * @default 'session'
   */
  readonly prefix?: string
  /**
   * A second connected client, `client.duplicate()`, by which `sessions.onEnded` learns at once of
   * sessions that other processes end. It is used only for one subscription, while a session is
   * watched. Without this option such sessions are found by polling (`pollInterval`).
   *
   * Every process publishes the handle of a session that it ends, on the channel `session!ended`.
   *
   * @default none
   */
  readonly subscriber?: RedisSubscriber | undefined
  /** Returns the time in milliseconds since 1970, for the expiry of keys. @default Date.now */
  readonly clock?: Clock
}

/**
 * Makes a store in Redis 6.2 or newer, or in Valkey, from a client that you have made and connected.
 *
 * Every key has a time to live. Reads go to primaries only. A `createSentinel` of node-redis with a
 * `masterPoolSize` above 1 needs `reserveClient: true`: without it, concurrent commands leak the
 * pool's connections in node-redis 5 and 6, until none is left and all commands hang.
 *
 * @throws `ERR_OPTION_INVALID` if it is not such a client, or one that reads from replicas.
 *
 * @example
 * import { createClient } from 'redis'
 * import { redisStore } from 'sojourn/stores/redis'
 * const client = await createClient({ url: process.env.REDIS_URL! }).connect()
 * const store = redisStore(client)
 */
export function redisStore(
  client: RedisClient,
  { prefix = 'session', clock = systemClock, subscriber }: RedisStoreOptions = {},
): SessionStore {
  const connection = connectRedis(client)
  const before = connection.bypassed + prefix
  // Not ":", because the keys of the prefix `session` would then include those of `session:admin`.
  // Only one character: with a second one Redis takes 16 more bytes for each key.
  const sessionKey = (key: string) => `${before}#${key}`
  const ownerKey = (owner: string) => `${before}@${owner}`
  const channel = `${connection.added}${before}!ended`
  const subscribe = subscriber && subscriptionTo(channel, subscriber, client)
  const ttlUntil = (until: number) => String(timeToLive(until, clock()))
  const runOn = (name: string, script: Parameters<typeof run>[1], ...args: string[]) =>
    run(connection, script, name, args)

  return sessionStore({
    engine: 'Redis',

    async read(key) {
      const name = sessionKey(key)
      const row = decodeRow(await connection.send(name, ['GET', name]))
      if (row === null) return null
      if (row.owner === null) return { ...row, epoch: 0, isListed: true }
      const list = ownerKey(row.owner)
      const members = [EPOCH, exceptedMember(key), key]
      const scores = (await connection.send(list, ['ZMSCORE', list, ...members])) as unknown[]
      const [epoch, excepted, place] = scores.map(textOf)
      const isListed = place !== undefined
      return { ...row, epoch: excepted === undefined ? epochOf(epoch) : 0, isListed }
    },

    async insert(key, row) {
      const name = sessionKey(key)
      const end = ttlUntil(row.expiresAt)
      const reply = await connection.send(name, ['SET', name, encodeRow(row), 'NX', 'PX', end])
      return textOf(reply) === 'OK'
    },

    async swap(key, ifWrite, row) {
      const args = [ifWrite, row.write, encodeRow(row), ttlUntil(row.expiresAt)]
      const reply = await runOn(sessionKey(key), SWAP, ...args)
      return textOf(reply) === '1' ? { won: true } : { won: false, newest: decodeRow(reply) }
    },

    async touch(key, expiresAt) {
      const args = [String(expiresAt), ttlUntil(expiresAt)]
      return textOf(await runOn(sessionKey(key), TOUCH, ...args)) === '1'
    },

    async remove(key) {
      const args = [String(GARBAGE_MS), channel, key]
      return textOf(await runOn(sessionKey(key), REMOVE, ...args)) === '1'
    },

    async epoch(owner) {
      const name = ownerKey(owner)
      return epochOf(textOf(await connection.send(name, ['ZSCORE', name, EPOCH])))
    },

    admit(owner, key, epoch, until, { most, refuse }) {
      return admitTo(owner, key, epoch, until, [String(most), refuse ? 'refuse' : ''])
    },

    async keep(owner, key, epoch, until) {
      return (await admitTo(owner, key, epoch, until, ['', ''])).admitted
    },

    async list(owner, most) {
      const name = ownerKey(owner)
      const limit = most === undefined ? [] : ['LIMIT', '0', String(most)]
      const args = ['ZRANGEBYSCORE', name, '1', '+inf', ...limit]
      return ((await connection.send(name, args)) as unknown[]).map(String)
    },

    async revoke(owner, epoch, until, except = '') {
      const args = [String(epoch), ttlUntil(until), except]
      const [after, keys] = (await runOn(ownerKey(owner), REVOKE, ...args)) as [unknown, unknown[]]
      return { epoch: epochOf(textOf(after)), keys: keys.map(String) }
    },

    async forget(owner, keys) {
      const name = ownerKey(owner)
      if (keys.length > 0) await connection.send(name, ['ZREM', name, ...keys])
    },

    async erase(owner) {
      const name = ownerKey(owner)
      await connection.send(name, ['DEL', name])
    },

    async *keys() {
      const start = connection.added + sessionKey('')
      const pattern = `${start.replace(/[\\*?[\]^-]/g, String.raw`\$&`)}*`
      for (const send of await connection.primaries()) {
        let cursor = '0'
        do {
          const args = ['MATCH', pattern, 'COUNT', '500', 'TYPE', 'string']
          const [next, found] = (await send(['SCAN', cursor, ...args])) as [unknown, unknown[]]
          cursor = textOf(next) ?? '0'
          const keys = found.map((name) => String(name).slice(start.length))
          const areRows = await Promise.all(keys.map((key) => holdsRow(sessionKey(key))))
          const rows = keys.filter((_, index) => areRows[index])
          if (rows.length > 0) yield rows
        } while (cursor !== '0')
      }
    },

    prune: async () => 0,

    ...(subscribe && { subscribe }),

    async check() {
      const keys = { session: sessionKey(UNUSED), list: ownerKey(UNUSED) }
      const found = await checkRedis(connection, keys)
      return subscriber ? [...found, ...(await checkPublishing(connection, channel))] : found
    },
  })

  async function admitTo(
    owner: string,
    key: string,
    epoch: number,
    until: number,
    limit: readonly string[],
  ): Promise<Admission> {
    const args = [key, String(epoch), ttlUntil(until), ...limit]
    const reply = await runOn(ownerKey(owner), ADMIT, ...args)
    if (Array.isArray(reply)) return { admitted: true, over: reply.map(String) }
    return { admitted: false, why: textOf(reply) === 'revoked' ? 'revoked' : 'limit' }
  }

  /** Whether the key has a row: not a tombstone, which is empty, nor a string of the application. */
  async function holdsRow(name: string): Promise<boolean> {
    const last = String(BEGINNING - 1)
    return isRow(textOf(await connection.send(name, ['GETRANGE', name, '0', last])) ?? '')
  }
}

/** The epoch of a score; 0 if there is none. */
function epochOf(score: string | undefined): number {
  return Math.abs(Number(score ?? 0))
}
