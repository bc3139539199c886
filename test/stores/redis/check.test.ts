/** What the Redis store says of its server's settings. */

import { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { redisStore } from '../../../src/stores/redis/redis.ts'
import { startRedis } from '../../servers/redis.ts'

describe('the settings of the server', () => {
  async function findings(settings: readonly string[], appendonly: 'no' | 'always', setUp = '') {
    const other = await startRedis({ settings, appendonly })
    const client = new Redis(other.url)
    if (setUp !== '') await client.call('ACL', setUp.split(' '))
    const found = await redisStore(client).check()
    client.disconnect()
    await other.stop()
    return found.join('\n')
  }

  test('are in order where nothing is evicted and all is written to disk', async () => {
    expect(await findings([], 'always')).toBe('')
  })

  test('are named where sessions are evicted, or lost in a crash', async () => {
    const evicting = ['--maxmemory', '100mb', '--maxmemory-policy', 'volatile-ttl']
    expect(await findings(evicting, 'always')).toMatch(/^.*evicts.*volatile-ttl.*noeviction.$/)
    expect(await findings([], 'no')).toMatch(/^.*nothing on disk.*appendonly yes.$/)
    expect(await findings(['--save', '60 1'], 'no')).toMatch(
      /^.*from time to time.*appendonly yes.$/,
    )
  })

  test('are said to be unknown where they cannot be asked for', async () => {
    expect(await findings(['--rename-command', 'CONFIG', ''], 'no')).toMatch(/^.*not be checked.*$/)
    expect(await findings([], 'no', 'SETUSER default -config')).toMatch(/^.*not be checked.*$/)
  })

  test('are an error where the server does not answer, not a finding', async () => {
    const client = new Redis({ lazyConnect: true, retryStrategy: null, port: 1 })
    client.on('error', () => {})
    await expect(redisStore(client).check()).rejects.toThrow(/ECONNREFUSED|closed/)
  })
})
