/** Kills an app at its store calls, and looks at what is left of the lives of its users. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { expect, onTestFinished } from 'vitest'
import { openStore, type Place } from '../promises/open-store.ts'
import { sharedPlace } from './clients.ts'
import type { Dying, Told } from './dying-app.ts'
import { aroundCalls, GRACE_MS, type Jars, lifeSessions, look, type Seen, STEPS } from './life.ts'

/** What a whole life looks like, undisturbed: after each step, at once and once the grace is over. */
export interface Reference {
  readonly calls: number
  readonly now: readonly Seen[]
  readonly later: readonly Seen[]
}

/** An empty place on an engine. */
export function placeOn(engine: Place['engine']): Place {
  if (engine !== 'SQLite') {
    const { url, name } = sharedPlace(engine === 'Redis' ? 'ioredis' : 'pg')
    return { engine, at: url, name }
  }
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-chaos-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return { engine, at: join(folder, 'sessions.db'), name: '' }
}

const afterGrace = () => Date.now() + GRACE_MS + 60_000

async function storeOf(place: Place) {
  const { store, close } = await openStore(place)
  onTestFinished(async () => void (await close()))
  return store
}

/** Leads a life to its end. */
export async function wholeLife(place: Place): Promise<Reference> {
  const store = await storeOf(place)
  let calls = 0
  const counting = aroundCalls(store, (call) => {
    calls += 1
    return call()
  })
  const sessions = lifeSessions(counting, Date.now)
  const jars: Jars = {}
  const now: Seen[] = []
  const later: Seen[] = []
  const note = async () => {
    now.push(await look(lifeSessions(store, Date.now), jars, 'whole'))
    later.push(await look(lifeSessions(store, afterGrace), jars, 'whole'))
  }
  await note()
  for (const { run } of STEPS) {
    await run(sessions, jars, 'whole')
    await note()
  }
  return { calls, now, later }
}

/** Starts an app, waits until it has killed itself, and answers what it told of each life before. */
export async function killedApp(dying: Dying): Promise<Told[]> {
  const program = fileURLToPath(new URL('dying-app.ts', import.meta.url))
  const child = spawn(process.execPath, [program, JSON.stringify(dying)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let told = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (told += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  const [, signal] = await once(child, 'close')
  expect([errors, signal]).toEqual(['', 'SIGKILL'])
  const last = new Map(dying.lives.map((stoppedAt) => [stoppedAt, nothing(stoppedAt)]))
  for (const line of told.split('\n').filter(Boolean)) {
    const one: Told = JSON.parse(line)
    last.set(one.stoppedAt, one)
  }
  return [...last.values()]
}

function nothing(stoppedAt: number): Told {
  return { stoppedAt, step: 0, jars: {} }
}

/** Each life is as it was before the step that was cut off, or as it is after it; and it goes on. */
export async function expectOldOrNew(
  place: Place,
  lives: readonly Told[],
  { now, later }: Reference,
): Promise<void> {
  const store = aroundCalls(await storeOf(place), (call) => call())
  const sessions = lifeSessions(store, Date.now)
  const sessionsLater = lifeSessions(store, afterGrace)
  const looked = lives.map(async ({ stoppedAt, step, jars }) => {
    const user = `user-${stoppedAt}`
    const at = `killed at call ${stoppedAt}, in "${STEPS[step]?.name}"`
    const seen = await look(sessions, jars, user)
    expectEither(at, seen, now[step]!, now[step + 1] ?? now[step]!)
    const seenLater = await look(sessionsLater, jars, user)
    expectEither(`${at}, after the grace`, seenLater, later[step]!, later[step + 1] ?? later[step]!)
  })
  await Promise.all(looked)
  if (place.engine === 'Redis') await expectEveryKeyToEnd(place)
  const goneOn = lives.map(async ({ stoppedAt, step, jars }) => {
    const user = `user-${stoppedAt}`
    // The visitor tries again.
    for (const { run } of STEPS.slice(step)) await run(sessions, jars, user)
    const { opens, listed } = await look(sessions, jars, user)
    expect([stoppedAt, listed]).toEqual([stoppedAt, 0])
    for (const { user: who } of Object.values(opens)) expect(who).toBe('nobody')
  })
  await Promise.all(goneOn)
}

function expectEither(at: string, seen: Seen, old: Seen, fresh: Seen): void {
  expect([at, seen.unlisted]).toEqual([at, []])
  // A login that nobody was told of may be in the list, and opens for nobody.
  expect(seen.listed, at).toBeLessThanOrEqual(Math.max(old.listed, fresh.listed) + 1)
  for (const [cookie, opens] of Object.entries(seen.opens)) {
    expect(opens.count, `${at}: what ${cookie} opens is torn`).toBe(opens.twin)
    const states = [old.opens[cookie], fresh.opens[cookie]]
    expect(states, `${at}: what ${cookie} opens`).toContainEqual(opens)
  }
}

async function expectEveryKeyToEnd({ at, name }: Place): Promise<void> {
  const redis = new Redis(at)
  try {
    const keys = await redis.keys(`${name}:*`)
    expect(keys.length).toBeGreaterThan(0)
    for (const key of keys) expect([key, (await redis.pttl(key)) > 0]).toEqual([key, true])
  } finally {
    redis.disconnect()
  }
}
