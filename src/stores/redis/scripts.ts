/** The Lua scripts that Redis runs: one for each verb, on one key. */

import { createHash } from 'node:crypto'
import { isError } from '../../base/realm.ts'
import type { RedisConnection } from './client.ts'

/** A script, and the hash that Redis caches it under. */
export interface Script {
  readonly text: string
  readonly sha: string
}

// A value begins with "expiresAt write recent,recent length\n"; the empty one is a tombstone.
// `ttl` is the key's time to live in milliseconds, as text: Lua would write a number as 1e+15.

/** ARGV: the write to replace, the new write and value, ttl. Returns 1, the current value, or nil. */
export const SWAP = script(`
local value = redis.call('GET', KEYS[1])
if not value then return nil end
local write, recent = string.match(value, '^%S+ (%S+) (%S*) ')
if write then
  if string.find(',' .. write .. ',' .. recent .. ',', ',' .. ARGV[2] .. ',', 1, true) then return 1 end
  if write == ARGV[1] then
    redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
    return 1
  end
end
return value
`)

/** ARGV: expiresAt, ttl. Returns whether there is a row. */
export const TOUCH = script(`
local value = redis.call('GET', KEYS[1])
if not value or value == '' then return 0 end
local space = string.find(value, ' ', 1, true) or 1
local expires = tonumber(string.sub(value, 1, space - 1))
if expires and expires < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1] .. string.sub(value, space), 'PX', ARGV[2])
end
return 1
`)

/**
 * ARGV: ttl. Returns whether there was a row. It begins with DEL because a Redis whose memory is
 * full refuses a script that begins with SET, and a logout has to work then.
 */
export const REMOVE = script(`
local was = redis.call('STRLEN', KEYS[1])
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[1], '', 'PX', ARGV[1])
return was > 0 and 1 or 0
`)

// An owner's list is a sorted set: the session keys, scored 1, 2, 3 in the order of admission, and
// "\\0", which no key is, scored with the time of the last revocation, negated to sort before them.

const RAISE_TTL = `
local function raise(ttl)
  local left = redis.call('PTTL', KEYS[1])
  if left ~= -2 and left < tonumber(ttl) then redis.call('PEXPIRE', KEYS[1], ttl) end
end
`

/** ARGV: key, calledAt, ttl, limit or "", "refuse" or "". Returns why not, or the keys over it. */
export const ADMIT = script(`${RAISE_TTL}
local revoked = redis.call('ZSCORE', KEYS[1], '\\0')
if revoked and tonumber(ARGV[2]) <= -revoked then return 'revoked' end
local most = tonumber(ARGV[4])
local refuse = ARGV[5] == 'refuse'
local count = redis.call('ZCARD', KEYS[1]) - (revoked and 1 or 0)
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  if most and refuse and count >= most then return 'limit' end
  local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
  redis.call('ZADD', KEYS[1], math.max(last[2] or 0, 0) + 1, ARGV[1])
  count = count + 1
end
raise(ARGV[3])
local over = {}
if most and not refuse and count > most then
  local first = redis.call('ZRANGEBYSCORE', KEYS[1], 1, '+inf', 'LIMIT', 0, count - most + 1)
  for _, key in ipairs(first) do
    if key ~= ARGV[1] and #over < count - most then over[#over + 1] = key end
  end
end
return over
`)

/** ARGV: the time, negated, and ttl. Returns the keys. */
export const REVOKE = script(`${RAISE_TTL}
local revoked = redis.call('ZSCORE', KEYS[1], '\\0')
if not revoked or tonumber(ARGV[1]) < tonumber(revoked) then
  redis.call('ZADD', KEYS[1], ARGV[1], '\\0')
end
raise(ARGV[2])
return redis.call('ZRANGEBYSCORE', KEYS[1], 1, '+inf')
`)

/** ARGV: ttl. */
export const KEEP = script(`${RAISE_TTL}
raise(ARGV[1])
return 1
`)

/** Runs a script on a key: by its hash, or by its text if Redis does not have it cached. */
export async function run(
  connection: RedisConnection,
  { sha, text }: Script,
  key: string,
  args: readonly string[],
): Promise<unknown> {
  try {
    return await connection.send(key, ['EVALSHA', sha, '1', key, ...args])
  } catch (error) {
    if (!(isError(error) && error.message.startsWith('NOSCRIPT'))) throw error
    return await connection.send(key, ['EVAL', text, '1', key, ...args])
  }
}

function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}
