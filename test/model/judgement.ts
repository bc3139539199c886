/** When all is quiet: what should be over is, what should open does, and the lists know all of it. */

import type { Change } from '../../src/record/changes.ts'
import { newRecord } from '../../src/record/record.ts'
import { replay } from '../../src/record/replay.ts'
import { contentOf } from './content.ts'
import { USERS } from './losses.ts'
import { layout, type World } from './world.ts'

/** Tries every cookie that ever left, heals what was lost by visits, and signs in once more. */
export async function judged(world: World, pending: ReadonlySet<unknown>): Promise<void> {
  const { oracle, store, network, settings } = world
  oracle.checkRefused()
  if (settings.crashes === 0 && pending.size > 0) oracle.fail(`${pending.size} requests hang`)
  for (const key of oracle.removing) {
    const isThere = store.rowOf(key) && !oracle.fellBack.has(key)
    if (settings.crashes === 0 && isThere) oracle.fail(`${key} was never removed`)
  }
  const ids = new Map<string, Set<string>>()
  const observer = world.observer(0)
  for (const [value, cookie] of oracle.cookies) {
    const opened = await observer.open([value], network.now())
    oracle.opened(cookie, opened, oracle.moment, network.now())
    if (!opened.record) continue
    const { selector, hash } = cookie
    if (store.rowOf(selector)!.expiresAt < network.now()) {
      oracle.fail(`${selector} opened after its end`)
    }
    ids.set(selector, (ids.get(selector) ?? new Set()).add(hash))
  }
  for (const [key, hashes] of ids) {
    if (hashes.size > 2 && !oracle.fellBack.has(key)) oracle.fail(`${hashes.size} ids open ${key}`)
  }
  await checkOpen(world)
  for (const user of USERS) {
    if (!oracle.unlisted.has(user) && settings.skew === 0) await checkList(world, user)
  }
  await visitAll(world)
  for (const user of USERS) await signIn(world, user)
}

/** No session is kept from its visitor, whatever the clock of the process that it meets. */
async function checkOpen(world: World): Promise<void> {
  const { oracle, store, network, settings } = world
  const clocks = settings.skew === 0 ? [0] : [-settings.skew, settings.skew]
  for (const ahead of clocks) {
    const observer = world.observer(ahead)
    for (const [value, { selector, hash }] of oracle.cookies) {
      const row = store.rowOf(selector)
      const content = row && contentOf(selector, row)
      if (!content || content.verifier !== hash || oracle.seemsOver(selector, row)) continue
      const { record, rejected } = await observer.open([value], network.now() + ahead)
      if (record) continue
      const isRefused = rejected.includes('revoked') && oracle.mayBeRevoked(selector, content.login)
      if (!isRefused) oracle.fail(`kept out: ${selector} is ${rejected.join()} for no reason`)
    }
  }
}

/** The sessions of a user that open, of those whose cookie has left. */
async function openOf({ oracle, store, network, observer }: World, user: string) {
  const open = new Set<string>()
  for (const [value, { selector }] of oracle.cookies) {
    const { record } = await observer(0).open([value], network.now())
    if (record && store.rowOf(selector)?.owner === user) open.add(selector)
  }
  return open
}

/** A list that nothing was lost of knows each session, and holds the limit. */
async function checkList(world: World, user: string): Promise<void> {
  const { oracle, store, settings } = world
  const open = await openOf(world, user)
  for (const key of open) {
    if (oracle.fellBack.has(key) || store.listOf(user).keys.includes(key)) continue
    oracle.fail(`unlisted: ${key} of ${user} was never lost, and is in no list`)
  }
  if (open.size > settings.limit.most && oracle.fellBack.size === 0) {
    oracle.fail(`over the limit: ${user} has ${open.size} sessions`)
  }
}

/** Every session in use is in its user's list again after one visit. */
async function visitAll(world: World): Promise<void> {
  const { oracle, store, network } = world
  const observer = world.observer(0)
  for (const [value, { selector }] of oracle.cookies) {
    const now = network.now()
    const opened = await observer.open([value], now)
    if (!opened.record) continue
    await observer.commit({ opened, changes: [], next: opened.record, now })
    const owner = store.rowOf(selector)?.owner
    if (owner && !store.listOf(owner).keys.includes(selector)) {
      oracle.fail(`unlisted: ${selector} of ${owner} is in use, and in no list`)
    }
  }
}

/** One more login: it is kept out by the limit alone, and holds it. */
async function signIn(world: World, user: string): Promise<void> {
  const { oracle, network, settings, store } = world
  const { most, onLimit } = settings.limit
  const observer = world.observer(0)
  const at = Math.floor(network.now() / 1000)
  const before = await openOf(world, user)
  const name = `last login of ${user}`
  const epoch = observer.members.epoch(user)
  oracle.attempt({ ...NOTHING, name, logsIn: oracle.login(user, epoch) })
  const changes: Change[] = [
    { do: 'login', userId: user, at, epoch },
    { do: 'set', key: 'login', text: JSON.stringify(name) },
  ]
  const opened = await observer.open([], network.now())
  const next = replay(newRecord(layout, at), changes, layout)
  try {
    await observer.commit({ opened, changes, next, now: network.now() })
  } catch (error) {
    const isFull = store.listOf(user).keys.length >= most && onLimit === 'reject'
    if (!isFull) oracle.fail(`locked out: the ${name} failed: ${String(error)}`)
    return
  }
  const after = await openOf(world, user)
  if (onLimit === 'reject' && before.size >= most) oracle.fail(`over the limit: ${user} signed in`)
  if (after.size + 1 > most) oracle.fail(`over the limit: ${user} has ${after.size + 1} sessions`)
}

/** An attempt of a browser without a cookie that does nothing else. */
const NOTHING = {
  openedAt: 0,
  selector: undefined,
  hash: undefined,
  login: undefined,
  user: undefined,
  presented: undefined,
  isExpired: false,
  isUnlisted: false,
  calledAt: 0,
  logsOut: false,
  early: [],
  items: [],
  shown: [],
  spent: undefined,
}
