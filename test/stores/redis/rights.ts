/** The rights that the guide gives to a Redis user, and a use of each. */

import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import type { SessionStore } from '../../../src/backends/stored/store.ts'
import { LIMIT, rowOf } from './suite.ts'

/** The words of the guide's line after `ACL SETUSER sessions on >PASSWORD`. */
export const RIGHTS = (() => {
  const guide = readFileSync(new URL('../../../docs/guide/stores.md', import.meta.url), 'utf8')
  const line = /^ACL SETUSER sessions on >PASSWORD (.*)$/m.exec(guide)?.[1]
  return line?.split(' ') ?? []
})()

/** Calls every verb of a store without rows, in such a way that every command is sent. */
export async function everyVerb(store: SessionStore, key = 'k'): Promise<void> {
  const row = rowOf('mona', 'w1', '')
  const until = row.expiresAt
  await store.insert(key, row)
  await store.admit('mona', key, 0, until, LIMIT)
  await store.admit('mona', key, 0, until, { most: 1, refuse: true })
  await store.revoke('mona', (await store.epoch('mona')) + 1, until + 1000, key)
  expect(await store.keep('mona', key, 0, until + 2000)).toBe(true)
  expect(await store.read(key)).toMatchObject({ epoch: 0, isListed: true })
  expect(await store.swap(key, 'w1', { ...row, write: 'w2' })).toEqual({ won: true })
  expect(await store.touch(key, until + 1000)).toBe(true)
  for await (const batch of store.keys()) expect(batch).toEqual([key])
  expect(await store.list('mona')).toEqual([key])
  expect(await store.remove(key)).toBe(true)
  await store.forget('mona', [key])
  await store.erase('mona')
}
