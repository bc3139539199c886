/** The Lua scripts that Redis runs: one for each verb, on one key. */

import { createHash } from 'node:crypto'
import { OVER_AT_ONCE } from '../../backends/stored/store.ts'
import { isError } from '../../base/realm.ts'

/** A script, and the hash under which Redis caches it. */
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
 * ARGV: ttl, channel, key. Returns whether there was a row, and publishes its key. It begins with
 * DEL: if its memory is full, Redis refuses a script that begins with SET, but a logout has to
 * work. It also has to work if the user may not publish, hence `pcall`.
 */
export const REMOVE = script(`
local was = redis.call('STRLEN', KEYS[1])
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[1], '', 'PX', ARGV[1])
if was == 0 then return 0 end
redis.pcall('PUBLISH', ARGV[2], ARGV[3])
return 1
`)

// An owner's list is a sorted set: keys of sessions, scored 1, 2, 3 in the order of admission. No key
// has a U+0000, so "\0" is the member for the epoch, which is its score, negated to sort before the
// keys. "\0\0" and a key, with the same score, is the key that the last revocation excepted: the next
// one, and an epoch that a login brings back, remove it.
//
// An epoch goes up to 2^53: exact as a score, and in `tonumber`, but not as text that Lua makes.

/** The member whose score is the owner's epoch, negated. */
export const EPOCH = '\0'

/** The member for a key that the last revocation excepted. */
export function exceptedMember(key: string): string {
  return `\0\0${key}`
}

// Each ZADD comes after a ZREM, which may remove nothing: if its memory is full, Redis refuses a
// script whose first write is ZADD. Revoking a user, and restoring a lost list, have to work then
// as well.
const OWNER = `
local function epoch()
  return -(redis.call('ZSCORE', KEYS[1], '\\0') or 0)
end
local function lift(to, except)
  local score = '-' .. to
  local marks = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(0')
  for _, mark in ipairs(marks) do
    if mark ~= '\\0' then redis.call('ZREM', KEYS[1], mark) end
  end
  redis.call('ZREM', KEYS[1], '\\0\\0' .. except)
  redis.call('ZADD', KEYS[1], score, '\\0')
  if except ~= '' then redis.call('ZADD', KEYS[1], score, '\\0\\0' .. except) end
end
local function extend(ttl)
  local left = redis.call('PTTL', KEYS[1])
  if left ~= -2 and left < tonumber(ttl) then redis.call('PEXPIRE', KEYS[1], ttl) end
end
`

/**
 * ARGV: key, epoch, ttl, most or "" for no limit, "refuse" or "". Returns why the key is not
 * admitted, or the keys over the limit.
 */
export const ADMIT = script(`${OWNER}
local current, place, excepted =
  unpack(redis.call('ZMSCORE', KEYS[1], '\\0', ARGV[1], '\\0\\0' .. ARGV[1]))
local known = -(current or 0)
if tonumber(ARGV[2]) < known and not excepted then return 'revoked' end
local most = tonumber(ARGV[4])
local refuses = ARGV[5] == 'refuse'
if not place then
  if most and refuses and redis.call('ZCOUNT', KEYS[1], 1, '+inf') >= most then return 'limit' end
  local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
  place = math.max(last[2] or 0, 0) + 1
  redis.call('ZREM', KEYS[1], ARGV[1])
  redis.call('ZADD', KEYS[1], place, ARGV[1])
end
if tonumber(ARGV[2]) > known then lift(ARGV[2], '') end
extend(ARGV[3])
if not most or refuses then return {} end
local over = redis.call('ZCOUNT', KEYS[1], 1, place) - most
if over < 1 then return {} end
over = math.min(over, ${OVER_AT_ONCE})
return redis.call('ZRANGEBYSCORE', KEYS[1], 1, '(' .. place, 'LIMIT', 0, over)
`)

/** ARGV: epoch, ttl, the excepted key or "". Returns the epoch's score afterwards, and the keys. */
export const REVOKE = script(`${OWNER}
if tonumber(ARGV[1]) > epoch() then lift(ARGV[1], ARGV[3]) end
extend(ARGV[2])
return {redis.call('ZSCORE', KEYS[1], '\\0'), redis.call('ZRANGEBYSCORE', KEYS[1], 1, '+inf')}
`)

/** Runs a script on a key: by its hash, or by its text if Redis does not have it cached. */
export async function run<Argument extends string | Buffer = string>(
  { send }: { send(key: string, args: (string | Argument)[]): Promise<unknown> },
  { sha, text }: Script,
  key: string,
  args: readonly Argument[],
): Promise<unknown> {
  try {
    return await send(key, ['EVALSHA', sha, '1', key, ...args])
  } catch (error) {
    if (!(isError(error) && error.message.startsWith('NOSCRIPT'))) throw error
    return await send(key, ['EVAL', text, '1', key, ...args])
  }
}

/** A script, with its hash. */
export function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}
