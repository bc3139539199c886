/** Commits to many stored sessions at a time, for survivors.test.ts, which traces the collections. */

import { createSessions } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'

const VISITORS = 50
const ROUNDS = 120

const sessions = createSessions<{ visits: number }>({
  secret: 'kZ3bq0Wm9yN7uV1tR5xP8cL2aE6dG4hJ-oF_iSwQzXY',
  store: memoryStore(),
  cookie: { name: 'session', secure: false },
})
const made = await Promise.all(Array.from({ length: VISITORS }, () => visit(undefined)))
const cookies = made.map((line) => line.split(';', 1)[0])
await commit()
// What lives from here on is old.
globalThis.gc!()
process.stdout.write('begin\n')
await commit()
process.stdout.write(`commits=${VISITORS * ROUNDS}\n`)

async function commit(): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) await Promise.all(cookies.map(visit))
}

async function visit(cookie: string | undefined): Promise<string> {
  const mounted = sessions.mount([{}], { cookie, header: () => undefined })!
  const session = await mounted.session()
  session.update('visits', (visits = 0) => visits + 1)
  return String((await mounted.finish())?.setCookie)
}
