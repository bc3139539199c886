/** Looks at every row that changes: what came, what went, and whose it is. */

import type { Row } from '../../src/backends/stored/store.ts'
import { type Content, contentOf, itemsOf } from './content.ts'
import type { Facts, Rules } from './facts.ts'
import type { Observe } from './store.ts'

/** Makes the checks of rows. */
export function rowChecks(facts: Facts, { limit, onReplay, isOver }: Rules): Observe {
  const { fail, attempts, writers, seen, holders, shown } = facts
  const { removed, epochs, unspendable, revocations, mayEnd, acknowledged, revived } = facts

  function checkItems(key: string, before: Content | undefined, after: Content): void {
    const items = itemsOf(after)
    if (new Set(items).size < items.length) fail(`applied twice: ${key} holds ${items.join(' ')}`)
    const held = new Set(before && itemsOf(before))
    const kept = new Set(items)
    for (const item of held) {
      if (!kept.has(item) && !shown.has(item)) fail(`lost update: ${item} is gone from ${key}`)
    }
    for (const item of items) {
      const places = seen.get(item) ?? new Set()
      seen.set(item, places.add(key))
      const holder = holders.get(item)
      // A row that is inserted without a login only has its own request's items.
      const isOwn = !before && after.user === undefined
      if (holder !== undefined && holder !== after.user && !isOwn) {
        fail(`another user's data: ${item} of ${holder} is in a session of ${after.user}`)
      }
      if (after.user !== undefined) holders.set(item, after.user)
      if (before && !held.has(item)) checkWriter(key, item, before)
    }
  }

  function checkWriter(key: string, item: string, before: Content): void {
    const writer = writers.get(item)
    if (!writer) return fail(`${item} was written by nobody`)
    if (writer.selector !== key) fail(`${item} was written to a session it had not opened`)
    if (writer.login !== before.login) fail(`write across a login: ${item} in ${key}`)
  }

  function checkInsert(key: string, content: Content): void {
    if (removed.has(key)) fail(`resurrection: ${key} was inserted again`)
    const items = itemsOf(content)
    const login = content.login === undefined ? undefined : attempts.get(content.login)
    if (content.user !== undefined && login?.logsIn?.user !== content.user) {
      return fail(`${key} is signed in without a login`)
    }
    for (const item of items) {
      const writer = writers.get(item)
      if (!writer) fail(`${item} was written by nobody`)
      else if (login) {
        const isCopied = login.selector !== undefined && seen.get(item)?.has(login.selector)
        if (writer !== login && !isCopied) fail(`${item} came into ${key} from elsewhere`)
      } else if (writer.selector !== undefined && !writer.logsOut) {
        fail(`resurrection: ${item} was written anew to ${key}, its session was ${writer.selector}`)
      }
    }
  }

  function mayBeRemoved(key: string, row: Row): boolean {
    if (mayEnd.has(key) || isOver(key, row) || onReplay === 'end') return true
    if (limit !== undefined && row.owner !== null) return true
    // Nobody has the id of a login that was not acknowledged; it is removed where it failed.
    const { login } = contentOf(key, row)
    if (login !== undefined && !acknowledged.has(login)) return true
    return revocations.some(({ user, except }) => user === row.owner && except !== key)
  }

  return (key, before, after, by) => {
    if (!after) {
      removed.add(key)
      if (before && !mayBeRemoved(key, before)) fail(`${key} was removed for no reason`)
      return
    }
    const content = contentOf(key, after)
    const old = before ? contentOf(key, before) : undefined
    facts.changes += 1
    if (before && isOver(key, before)) revived.set(key, facts.changes)
    // Within one swap a token may be spent, and another take its place.
    if (content.token === undefined || content.token !== old?.token)
      unspendable.set(key, facts.changes)
    if (!old && by === 'swap') fail(`resurrection: a swap inserted ${key}`)
    if (!old && by === 'insert') checkInsert(key, content)
    checkItems(key, old, content)
    if (content.verifier === old?.verifier) return
    const list = epochs.get(key) ?? []
    epochs.set(key, list)
    list.push({
      hash: content.verifier,
      login: old?.login,
      isFirst: !old,
      shownAt: undefined,
    })
  }
}
