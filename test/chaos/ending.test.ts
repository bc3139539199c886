import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { createSessions } from '../../src/index.ts'
import { sqliteStore } from '../../src/stores/sqlite/sqlite.ts'
import { SECRET } from '../session/visitor.ts'

const program = fileURLToPath(new URL('ending-server.ts', import.meta.url))

/** Starts the server; `printed` resolves once it has printed a line that matches. */
function startServer(file: string) {
  const child = spawn(process.execPath, [program, file], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let text = ''
  const ended = once(child, 'close')
  child.stdout.on('data', (chunk) => (text += String(chunk)))
  const printed = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const match = pattern.exec(text)
      if (match) return match
      await Promise.race([once(child.stdout, 'data'), ended])
      if (child.exitCode !== null && !pattern.test(text)) throw new Error(`It ended: ${text}`)
    }
  }
  return { child, printed, ended }
}

test('SIGTERM: a commit in flight is saved before the process ends, though its browser has gone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-ending-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'sessions.sqlite')
  const { child, printed, ended } = startServer(file)
  const [, port] = await printed(/listens at (\d+)/)
  const signedIn = await fetch(`http://127.0.0.1:${port}/sign-in`)
  const cookie = signedIn.headers.getSetCookie()[0]!.split(';')[0]!

  const db = new DatabaseSync(file)
  onTestFinished(() => db.close())
  // Another writer has the file: the commit waits for it.
  db.exec('BEGIN IMMEDIATE')
  const asking = request(`http://127.0.0.1:${port}/write`, { headers: { cookie } })
  asking.on('error', () => {}).end()
  await printed(/answered \/write/)
  asking.destroy()
  child.kill('SIGTERM')
  await printed(/closing/)
  db.exec('COMMIT')
  await ended
  expect(child.exitCode).toBe(0)
  expect((await printed(/left (.*)/))[1]).toBe('{"commits":0,"logouts":0}')

  const sessions = createSessions<{ draft: string }>({ secret: SECRET, store: sqliteStore(db) })
  expect((await sessions.open(cookie)).get('draft')).toBe('text')
})
