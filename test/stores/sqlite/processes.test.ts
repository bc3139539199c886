/** Several processes on one SQLite file, and processes that are killed. */

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sqliteStore } from '../../../src/stores/sqlite/sqlite.ts'
import { someRow, sqliteFile, storeIn, type SqliteFile } from './file.ts'
import type { Task } from './worker.ts'

let file: SqliteFile
beforeEach(() => {
  file = sqliteFile()
})
afterEach(() => file.remove())

test('a thousand increments by four processes at once are all counted', async () => {
  const { store } = await storeIn(file)
  await store.insert('k', someRow({ body: '0' }))
  const counting: Task = { does: 'count', path: file.path, key: 'k', times: 250 }
  await Promise.all([counting, counting, counting, counting].map(ended))
  expect(await store.read('k')).toMatchObject({ body: '1000' })
})

test('four processes that make the tables at once all find them made', async () => {
  const creating: Task = { does: 'create the schema', path: file.path }
  await Promise.all([creating, creating, creating, creating].map(ended))
  expect(await sqliteStore(file.open()).insert('k', someRow())).toBe(true)
})

test('a process that is killed in the middle of writing leaves a sound file, with all it acknowledged', async () => {
  const { db, store } = await storeIn(file)
  for (const name of ['one', 'two', 'three', 'four']) {
    const acknowledged = await killedAfter(60, { does: 'write', path: file.path, name })
    expect(db.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
    for (const [key, state] of acknowledged) {
      const found = await stateOf(key)
      expect(`${key} ${STATES.indexOf(found) >= STATES.indexOf(state)}`).toBe(`${key} true`)
    }
    expect(await store.insert(`after-${name}`, someRow())).toBe(true)
  }

  async function stateOf(key: string): Promise<string> {
    const row = await store.read(key)
    if (row) return row.write
    // Only a tombstone makes a key that holds nothing a taken one.
    return (await store.insert(key, someRow())) ? 'lost' : 'removed'
  }
})

/** What a worker's key goes through, in this order. */
const STATES = ['lost', 'w1', 'w2', 'removed']

async function ended(task: Task): Promise<void> {
  const [code] = await once(start(task), 'exit')
  expect(code).toBe(0)
}

/** Kills a worker once it has acknowledged so many writes. Answers the last of each key. */
async function killedAfter(count: number, task: Task): Promise<Map<string, string>> {
  const child = start(task)
  const acknowledged = new Map<string, string>()
  let lines = 0
  for await (const line of createInterface(child.stdout!)) {
    const [key = '', state = ''] = line.split(' ')
    acknowledged.set(key, state)
    if (++lines === count) child.kill('SIGKILL')
  }
  expect(lines).toBeGreaterThanOrEqual(count)
  return acknowledged
}

function start(task: Task): ChildProcess {
  const program = fileURLToPath(new URL('worker.ts', import.meta.url))
  return spawn(process.execPath, [program, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}
