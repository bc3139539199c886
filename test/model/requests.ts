/** The requests of the model: each opens, does something, waits in between, and commits. */

import { SessionError } from '../../src/base/errors.ts'
import type { Committed, Opened } from '../../src/backends/backend.ts'
import type { StoredOpened } from '../../src/backends/stored/open.ts'
import { hashOfVerifier } from '../../src/backends/stored/session-id.ts'
import { type Change, REMOVE } from '../../src/record/changes.ts'
import { replay } from '../../src/record/replay.ts'
import { isPermanent, newRecord } from '../../src/record/record.ts'
import { recordContent } from './content.ts'
import type { Attempt, Cookie } from './facts.ts'
import { codeOf, failed, SPENT, valueOf } from './failures.ts'
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

/** Makes a request, from the cookie to the acknowledgement. */
export async function visited(world: World, visit: Visit): Promise<void> {
  const { oracle, network, note } = world
  const { name, instance, value, deed } = visit
  const { backend, process } = instance
  const since = oracle.moment
  const shownFrom = network.now()
  const now = network.clockOf(process)
  note(() => `${name} ${deed} ${visit.user} on ${process.name} from ${visit.browser.name}`)
  let openedAt = oracle.moment
  let opened: Opened
  try {
    opened = await backend.open(value === undefined ? [] : [value], now())
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
  const now = network.clockOf(instance.process)
  const { attempt, changes, isNothing } = attemptOf(world, visit, standing)
  const base = opened.record ?? newRecord(layout, Math.floor(now() / 1000))
  if (isNothing) return undefined
  oracle.attempt(attempt)
  let answer: Committed
  try {
    const next = replay(base, changes, layout)
    // A password may be checked for long: the login was called before.
    if (world.chance.is(attempt.logsIn ? 0.5 : 0.2)) await network.pause(instance.process)
    answer = await instance.backend.commit({ opened, changes, next, now: now() })
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

/** What the request does, as changes and for the oracle. */
function attemptOf(
  world: World,
  visit: Visit,
  { opened, hash, presented, openedAt, part }: Standing,
) {
  const { chance, network, oracle } = world
  const { deed, user, instance } = visit
  const name = `${visit.name}.${part}`
  const content = opened.record && recordContent(opened.record)
  const epoch = deed === 'login' ? instance.backend.members.epoch(user) : undefined
  const attempt: Attempt = {
    name,
    openedAt,
    selector: opened.handle,
    hash: opened.handle === undefined ? undefined : hash,
    login: content?.login,
    user: content?.user,
    presented,
    isExpired: opened.rejected.some((reason) => reason.startsWith('expired')),
    isUnlisted: (opened as StoredOpened).slot?.isListed === false,
    calledAt: oracle.moment,
    logsIn: epoch && oracle.login(user, epoch),
    logsOut: deed === 'logout' || deed === 'logout-and-write',
    early: [],
    items: [],
    shown: deed === 'consume' ? (content?.flashes ?? []) : [],
    spent: undefined,
  }
  const at = Math.floor(network.clockOf(instance.process)() / 1000)
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
    changes.push({ do: 'login', userId: user, at, epoch })
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

/** What a cookie names. @throws where it is not one of ours */
function cookieOf(value: string): Cookie {
  const id = anyRing.parse(value)
  if (typeof id === 'string') throw new SessionError('ERR_SESSION_GONE')
  return { selector: id.selector, hash: hashOfVerifier(id.verifier) }
}
