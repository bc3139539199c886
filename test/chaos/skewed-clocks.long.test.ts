import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Place } from '../promises/open-store.ts'
import { placeOn } from './killed-app.ts'
import type { Act } from './skewed-server.ts'

const program = fileURLToPath(new URL('skewed-server.ts', import.meta.url))

/** Starts a server whose clock differs by so much, as `faketime` writes it: '+5m'. */
function startServer(place: Place, offset: string, idle: string) {
  const node = [process.execPath, program, JSON.stringify(place), idle]
  const child = spawn('faketime', ['-f', offset, ...node], {
    // Timers are to run as ever: only the time of day is wrong.
    env: { ...process.env, FAKETIME_DONT_FAKE_MONOTONIC: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.stdin.end())
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return async (act: Act, argument?: string): Promise<any> => {
    child.stdin.write(`${JSON.stringify([act, argument])}\n`)
    const { value: line } = await lines.next()
    const outcome = JSON.parse(line ?? '{"error":"the server has ended"}')
    if ('error' in outcome) throw new Error(outcome.error)
    return outcome.value
  }
}

const ENGINES = ['SQLite', 'Redis', 'PostgreSQL'] as const

const PAIRS = ENGINES.flatMap((engine) => [
  { engine, clock: '+5m' },
  { engine, clock: '-5m' },
])

/** One server whose clock is right, and one whose clock is not. */
async function pair({ engine, clock }: (typeof PAIRS)[number], idle = '30m') {
  const place = placeOn(engine)
  const [right, wrong] = [startServer(place, '+0', idle), startServer(place, clock, idle)]
  const apart = Math.abs((await wrong('now')) - (await right('now')))
  expect(apart).toBeGreaterThan(240_000)
  return { right, wrong }
}

describe.each(PAIRS)('two processes, one with a clock of $clock, on $engine', (kind) => {
  test.each(['the right one', 'the wrong one'])(
    'revokeUser in the other process ends every session, and locks nobody out: login in %s',
    async (which) => {
      const { right, wrong } = await pair(kind)
      const [here, there] = which === 'the right one' ? [right, wrong] : [wrong, right]
      const cookies: string[] = [await here('login', 'ann'), await there('login', 'ann')]
      for (const cookie of cookies) {
        expect([await here('whoIs', cookie), await there('whoIs', cookie)]).toEqual(['ann', 'ann'])
      }
      expect(await there('revokeUser', 'ann')).toEqual({ ended: 2, marked: true })
      for (const cookie of cookies) {
        expect([await here('whoIs', cookie), await there('whoIs', cookie)]).toEqual([null, null])
      }
      // No lock-out, in either of them.
      for (const server of [here, there]) {
        const cookie = await server('login', 'ann')
        expect([await here('whoIs', cookie), await there('whoIs', cookie)]).toEqual(['ann', 'ann'])
      }
      expect([await here('list', 'ann'), await there('list', 'ann')]).toEqual([2, 2])
      // A second revocation, in the process whose clock may be behind that of the first.
      expect(await here('revokeUser', 'ann')).toEqual({ ended: 2, marked: true })
      expect(await there('list', 'ann')).toBe(0)
    },
  )

  test.each(['the right one', 'the wrong one'])(
    'a login that was called before the revocation does not survive it: login in %s',
    async (which) => {
      const { right, wrong } = await pair(kind)
      const [here, there] = which === 'the right one' ? [right, wrong] : [wrong, right]
      await here('callLogin', 'ann')
      await there('revokeUser', 'ann')
      await expect(here('commitLogin')).rejects.toThrow('ERR_SESSION_GONE')
      await here('callLogin', 'ann')
      expect(await there('whoIs', await here('commitLogin'))).toBe('ann')
    },
  )

  test('with a short idle timeout, the process that is ahead ends no session of the other', async () => {
    const { right, wrong } = await pair(kind, '2m')
    const [behind, ahead] = kind.clock === '+5m' ? [right, wrong] : [wrong, right]
    const cookie = await behind('login', 'ann')
    // By its clock the session has expired. It forgets its place in the list, and no more.
    expect(await ahead('whoIs', cookie)).toBeNull()
    expect(await ahead('list', 'ann')).toBe(0)
    await ahead('prune')
    await ahead('login', 'ann')
    expect(await behind('whoIs', cookie)).toBe('ann')
    // The next write puts it back into the list, and then it can be revoked again.
    await behind('write', cookie)
    await ahead('revokeUser', 'ann')
    expect(await behind('whoIs', cookie)).toBeNull()
  })
})
