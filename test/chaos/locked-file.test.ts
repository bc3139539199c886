/** A SQLite file that another process has locked: calls end in time, and the app goes on afterwards. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { SessionError } from '../../src/index.ts'
import { browser } from '../promises/site.ts'
import { storeInFile } from './clients.ts'
import { expectInTime, makeCalls } from './deadlines.ts'
import { answered, expectRefusal, report, sessionsOn, siteOn, strayErrors } from './visitors.ts'

async function lockedFile() {
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-chaos-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'sessions.db')
  const sessions = sessionsOn(await storeInFile(path))
  const program = fileURLToPath(new URL('lock-holder.ts', import.meta.url))
  const child = spawn(process.execPath, [program, path], { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const tell = async (sql: string) => {
    const done = once(child.stdout, 'data')
    child.stdin.write(`${sql}\n`)
    await done
  }
  return { sessions, lock: () => tell('BEGIN EXCLUSIVE'), free: () => tell('COMMIT') }
}

test('every write is told in time that the file is locked, reads go on, and the loop is never held up', async () => {
  const stray = strayErrors()
  const { sessions, lock, free } = await lockedFile()
  const pause = await expectInTime(
    async () => {
      const round = await makeCalls(sessions, { times: 3, away: lock, back: free })
      for (const { name, error } of round.calls) {
        const code = error instanceof SessionError ? error.code : error
        // Under WAL who only reads waits for nobody.
        const isRead = ['open', 'list', 'revoke'].includes(name)
        expect([name, code]).toEqual([name, isRead ? undefined : 'ERR_STORE_UNAVAILABLE'])
      }
      return round
    },
    () => makeCalls(sessions, { times: 3, away() {}, back() {} }),
  )
  report(`SQLite locked: pause ${pause.toFixed(0)} ms`)
  expect(stray).toEqual([])
})

test('an app goes on once the file is free, and what was refused is kept once or not at all', async () => {
  const stray = strayErrors()
  const { sessions, lock, free } = await lockedFile()
  const visitor = browser(await siteOn(sessions))
  await answered(visitor, 'sign-in?user=ann')
  const before = (await answered(visitor, 'add')).shown.count
  await lock()
  const adds = Array.from({ length: 12 }, () => visitor.ask('add'))
  for (const answer of await Promise.all(adds)) expectRefusal(answer)
  expect((await answered(visitor, 'look')).shown).toEqual({ user: 'ann', count: before })
  await free()
  const { refused: more } = await answered(visitor, 'add')
  const { user, count } = (await answered(visitor, 'look')).shown
  expect(user).toBe('ann')
  expect(count).toBeGreaterThan(before)
  expect(count).toBeLessThanOrEqual(before + 13 + more)
  expect(stray).toEqual([])
})
