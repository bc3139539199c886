/** The requests of the model: each opens, does something, waits in between, and commits. */

import { SessionError } from '../../src/base/errors.ts'
import type { Committed, Opened } from '../../src/backends/backend.ts'
import { hashOfVerifier } from '../../src/backends/stored/session-id.ts'
import { type Change, newRecord, REMOVE, replay } from '../../src/record/changes.ts'
import { isPermanent } from '../../src/record/record.ts'
import { recordContent } from './content.ts'
import type { Attempt, Cookie } from './facts.ts'
import { handle } from './hands.ts'
import { anyRing, type Browser, type Instance, layout, type World } from './world.ts'

/** What a request may do. */
export type Deed =
  | 'read'
  | 'write'
  | 'write-twice'
  | 'spend'
  | 'consume'
  | 'login'
  | 'logout'
  | 'logout-and-write'
  | 'regenerate'
  | 'permanent'

/** One request of a browser. */
export interface Visit {
  readonly name: string
  readonly browser: Browser
  readonly instance: Instance
  readonly deed: Deed
  readonly user: string
  readonly value: string | undefined
}

const SPENT = 'the token is spent already'

/** Makes a request, from the cookie to the acknowledgement. */
export async function visited(world: World, visit: Visit): Promise<void> {
  const { oracle, network, note } = world
  const { name, instance, value, deed } = visit
  const { backend, process } = instance
  const since = oracle.since
  const shownFrom = network.now()
  note(() => `${name} ${deed} ${visit.user} on ${process.name} from ${visit.browser.name}`)
  let openedAt = oracle.changes
  let opened: Opened
  try {
    opened = await backend.open(value === undefined ? [] : [value], network.now())
  } catch (error) {
    if (codeOf(error) !== 'ERR_STORE_UNAVAILABLE') oracle.fail(`open: ${String(error)}`)
    return
  }
  note(() => `${name} opened ${opened.handle ?? opened.rejected.join()}`)
  handle(world, visit, opened.record)
  const cookie = value === undefined ? undefined : cookieOf(value)
  if (cookie) oracle.opened(cookie, opened, since, shownFrom)
  const parts = deed === 'write-twice' ? 2 : 1
  let hash = cookie?.hash
  for (let part = 0; part < parts; part += 1) {
    if (world.chance.is(0.7)) await network.pause(process)
    const presented = cookie?.selector
    const done = await committed(world, visit, { opened, hash, presented, openedAt, part })
    if (!done) return
    openedAt = 0
    opened = done.committed.opened
    hash = done.cookie?.hash ?? hash
  }
}

interface Standing {
  opened: Opened
  hash: string | undefined
  presented: string | undefined
  openedAt: number
  part: number
}

/** Commits what the request does; answers nothing where that failed. */
async function committed(world: World, visit: Visit, standing: Standing) {
  const { oracle, network, note } = world
  const { name, instance, browser } = visit
  const { opened } = standing
  const { attempt, changes, isNothing } = attemptOf(world, visit, standing)
  const base = opened.record ?? newRecord(layout, Math.floor(network.now() / 1000))
  if (isNothing) return undefined
  oracle.attempt(attempt)
  let answer: Committed
  try {
    const next = replay(base, changes, layout)
    if (world.chance.is(0.2)) await network.pause(instance.process)
    answer = await instance.backend.commit({ opened, changes, next, now: network.now() })
  } catch (error) {
    note(() => `${name} failed: ${String(error)}`)
    failed(world, attempt, opened, error, browser)
    return undefined
  }
  const line = answer.setCookie
  const value = line === undefined ? undefined : valueOf(line)
  const cookie = value ? cookieOf(value) : undefined
  note(() => `${name} answered ${line?.slice(0, 40) ?? ''} ${JSON.stringify(answer.notes ?? [])}`)
  if (value === '' && !attempt.logsOut) oracle.fail(`${name} cleared the cookie without a logout`)
  oracle.acknowledged(attempt, answer, cookie)
  if (cookie && value) oracle.cookies.set(value, cookie)
  if (line !== undefined) browser.arriving.push(value ?? '')
  handle(world, visit, answer.opened.record)
  return { committed: answer, cookie }
}

function failed(
  { oracle, network }: World,
  attempt: Attempt,
  opened: Opened,
  error: unknown,
  browser: Browser,
): void {
  const code = codeOf(error)
  const headers = error instanceof Error && 'headers' in error ? error.headers : undefined
  const line = (headers as Record<string, string> | undefined)?.['set-cookie']
  if (line !== undefined) {
    if (!attempt.logsOut || valueOf(line) !== '') oracle.fail(`a failed commit set ${line}`)
    browser.arriving.push('')
  } else if (attempt.logsOut && opened.record && code === 'ERR_STORE_UNAVAILABLE') {
    oracle.fail(`${attempt.name}: a logout that was not confirmed left the cookie`)
  }
  if (attempt.logsOut && attempt.selector !== undefined) oracle.removing.add(attempt.selector)
  const isSpent = error instanceof Error && error.message === SPENT
  const isDefinite = isSpent || code === 'ERR_SESSION_GONE' || code === 'ERR_SESSION_CONFLICT'
  // A login's row is written before it is refused; it is removed then, and opens for nobody.
  const why = isSpent ? 'spent' : code === 'ERR_SESSION_GONE' ? 'gone' : 'conflict'
  if (isDefinite && !attempt.logsIn) oracle.refused(attempt, why)
  if (isDefinite || code === 'ERR_STORE_UNAVAILABLE' || code === 'ERR_SESSION_LIMIT') return
  oracle.fail(`${attempt.name} at ${network.now()}: ${String(error)}`)
}

/** What the request does, as changes and for the oracle. */
function attemptOf(
  world: World,
  visit: Visit,
  { opened, hash, presented, openedAt, part }: Standing,
) {
  const { chance, network } = world
  const { deed, user } = visit
  const name = `${visit.name}.${part}`
  const content = opened.record && recordContent(opened.record)
  const attempt: Attempt = {
    name,
    openedAt,
    selector: opened.handle,
    hash: opened.handle === undefined ? undefined : hash,
    login: content?.login,
    user: content?.user,
    presented,
    logsIn: deed === 'login' ? { user, calledAt: network.now() } : undefined,
    logsOut: deed === 'logout' || deed === 'logout-and-write',
    early: [],
    items: [],
    shown: deed === 'consume' ? (content?.flashes ?? []) : [],
    spent: undefined,
  }
  const at = Math.floor(network.now() / 1000)
  const changes: Change[] = []
  const early: string[] = []
  const items: string[] = []
  const write = (list: string[]) => {
    const item = `${name}.${early.length + items.length}`
    const kind = list === early ? 0 : chance.below(3)
    if (kind === 1) changes.push({ do: 'set', key: `k:${item}`, text: '1' })
    else if (kind === 2) changes.push({ do: 'flash', item: ['message', item] })
    else {
      const fn = (log: string[] = []) => [...log, item]
      changes.push({ do: 'update', key: 'log', fn })
    }
    list.push(kind === 1 ? `k:${item}` : item)
  }
  if (deed === 'write' || deed === 'write-twice') {
    write(items)
    if (chance.is(0.4)) write(items)
    if (chance.is(0.4)) plant(changes, name)
  }
  if (deed === 'login') {
    if (chance.is(0.4)) write(early)
    changes.push({ do: 'login', userId: user, at, calledAt: network.now() })
    changes.push({ do: 'set', key: 'login', text: JSON.stringify(name) })
    if (chance.is(0.4)) plant(changes, name)
    if (chance.is(0.6)) write(items)
    if (chance.is(0.2)) changes.push({ do: 'permanent', on: true })
  }
  if (attempt.logsOut) changes.push({ do: 'logout', keep: [], at })
  if (deed === 'logout-and-write') write(items)
  if (deed === 'regenerate') {
    changes.push({ do: 'regenerate' })
    if (chance.is(0.3)) write(items)
  }
  if (deed === 'permanent') {
    const isOn = opened.record !== undefined && isPermanent(opened.record, layout)
    changes.push({ do: 'permanent', on: !isOn })
    write(items)
  }
  if (deed === 'consume' && attempt.shown.length > 0) {
    const shown = (content?.flashes ?? []).map((item) =>
      layout.codec.encode(['message', item], layout.names.flashes),
    )
    changes.push({ do: 'consume', shown })
  }
  if (deed === 'spend') {
    changes.push({
      do: 'update',
      key: 'token',
      fn(token: string | undefined) {
        if (token === undefined) throw new Error(SPENT)
        attempt.spent = token
        return REMOVE
      },
    })
  }
  const isNothing = deed === 'spend' && content?.token === undefined
  Object.assign(attempt, { early, items })
  return { attempt, changes, isNothing }
}

function plant(changes: Change[], name: string): void {
  changes.push({ do: 'update', key: 'token', fn: (token: string = name) => token })
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}

/** The value of a Set-Cookie line; empty where it clears the cookie. */
function valueOf(line: string): string {
  return line.slice(line.indexOf('=') + 1, line.indexOf(';'))
}

/** What a cookie names. @throws where it is not one of ours */
function cookieOf(value: string): Cookie {
  const id = anyRing.parse(value)
  if (typeof id === 'string') throw new SessionError('ERR_SESSION_GONE')
  return { selector: id.selector, hash: hashOfVerifier(id.verifier) }
}
