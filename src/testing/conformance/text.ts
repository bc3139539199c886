/** Conformance: keys, owners and bodies whose characters are easily lost or confused. */

import assert from 'node:assert/strict'
import type { Row } from '../../backends/stored/store.ts'
import { atOnce, it, quoted, retry, ROOM, rowAfter, WON, type Scenario } from './bench.ts'

/** All different; several are equal to a store that folds case, trims or normalizes. */
const HOSTILE_KEYS = [
  ...'a A 1 01 1e0 -1 null NaN * ? [a-z] {tag} {tag}x x{tag} {} }{ a:b a::b % _ a%'.split(' '),
  ...'" ` $1 ${a} /../.. __proto__ constructor prototype toString hasOwnProperty'.split(' '),
  ...` a|a |\ta\n|a\r\nb|\\|\\0|'|'; DROP TABLE sessions; --|\u0001|\u007f|\u0080`.split('|'),
  ...'\u00e9|e\u0301|stra\u00dfe|strasse|\u0130|i|\ufeff|\ufeffa|\ud7ff|\ue000|\uffff'.split('|'),
  ...'\u{10000}|\u{10ffff}|\u{1f36a}|\u{1f469}\u200d\u{1f680}'.split('|'),
  'k'.repeat(255),
  `${'k'.repeat(254)}K`,
  '\u{1f36a}'.repeat(63),
  `${'\u00e9'.repeat(127)}x`,
]

/** Texts for owners and bodies. U+0000 is among them: PostgreSQL refuses it, and C ends there. */
const HOSTILE_TEXTS = [
  ...`| |\n|null|undefined|0|1e5|it's|"|__proto__|{"a":"\u0000"}|\ufeffbom`.split('|'),
  ...'\u0000|\u0000\u0000a|a\u0000b|a\u0000|\\u0000|\\|\\\\x00|\u00ff\u0100|e\u0301\u00e9'.split(
    '|',
  ),
  ...'\u0001\u001f\u007f\u0080\u009f|\u2028\u2029|\ud7ff\ue000\ufffd\ufffe\uffff'.split('|'),
  ...'\u{10000}\u{10ffff}|\u{1f469}\u200d\u{1f680}'.split('|'),
  'a:b c,d|e;f\tg\r\nh',
]

const MEBIBYTE = 1024 * 1024

/** The scenarios for keys and texts. */
export const texts: readonly Scenario[] = [
  it('keys with quotes, spaces, newlines, emoji, wildcards or tags are kept apart', async (t) => {
    const rows = await atOnce(HOSTILE_KEYS.length, (n) =>
      t.insertRow(HOSTILE_KEYS[n]!, { body: `${n}` }),
    )
    await atOnce(rows.length, (n) => t.assertHolds(HOSTILE_KEYS[n]!, rows[n]!))
    assert.deepEqual(await t.allKeys(), [...HOSTILE_KEYS].sort())
  }),
  it('every verb takes hostile keys, and touches no other key', async (t) => {
    const neighbour = await t.insertRow('neighbour')
    for (const key of HOSTILE_KEYS) {
      const row = await t.insertRow(key)
      const next = await t.swapRow(key, row, { body: key })
      assert.equal(await t.store.touch(key, row.expiresAt + 1), true, quoted(key))
      await t.assertHolds(key, { ...next, expiresAt: row.expiresAt + 1 })
      assert.equal(await t.store.remove(key), true, quoted(key))
      assert.equal(await t.store.insert(key, row), false, quoted(key))
    }
    assert.deepEqual(await t.allKeys(), ['neighbour'])
    await t.assertHolds('neighbour', neighbour)
  }),
  it('bodies come back to the character, U+0000 and the edges of Unicode included', async (t) => {
    await atOnce(HOSTILE_TEXTS.length, async (n) => {
      const body = HOSTILE_TEXTS[n]!
      const row = await t.insertRow(`inserted-${n}`, { body })
      await t.assertHolds(`inserted-${n}`, row)
      const before = await t.insertRow(`swapped-${n}`)
      const swapped = rowAfter(before, { body, owner: body })
      const swap = (ifWrite: string, row: Row) =>
        retry(() => t.store.swap(`swapped-${n}`, ifWrite, row))
      assert.deepEqual(await swap(before.write, swapped), WON)
      const lost = await swap('x', rowAfter(before))
      assert.deepEqual(lost, { won: false, newest: swapped })
    })
  }),
  it('owners of rows come back to the character, and null is not a text', async (t) => {
    await atOnce(HOSTILE_TEXTS.length, async (n) => {
      const row = await t.insertRow(`k${n}`, { owner: HOSTILE_TEXTS[n]! })
      await t.assertHolds(`k${n}`, row)
    })
    const nobody = await t.insertRow('nobody', { owner: null })
    await t.assertHolds('nobody', nobody)
  }),
  it('bodies of a mebibyte come back whole, through insert, swap and a swap that loses', async (t) => {
    const bodies = {
      plain: 'x'.repeat(MEBIBYTE - 1) + '!',
      emoji: '\u{1f36a}'.repeat(MEBIBYTE / 4),
      zeros: '\u0000'.repeat(MEBIBYTE),
      quotes: `"\\'\n`.repeat(MEBIBYTE / 4),
    }
    for (const [key, body] of Object.entries(bodies)) {
      const row = await t.insertRow(key, { body })
      await t.assertHolds(key, row)
      const next = await t.swapRow(key, row, { body: `${body.slice(2)}ab` })
      const lost = await t.store.swap(key, row.write, rowAfter(row, { body }))
      assert.ok(!lost.won && lost.newest?.body === next.body, `the newest row of ${key}`)
      assert.equal(await t.store.touch(key, next.expiresAt + 1), true)
      await t.assertHolds(key, { ...next, expiresAt: next.expiresAt + 1 })
    }
  }),
  it('owners with hostile names have lists of their own, of hostile keys', async (t) => {
    const until = t.clock() + 60_000
    const owners = HOSTILE_TEXTS.filter((text) => text !== '')
    for (const [n, owner] of owners.entries()) {
      await t.store.admit(owner, `key of ${owner.length}`, 0, until, ROOM)
      await t.store.revoke(owner, n + 1, until, undefined)
      await t.insertRow(`row${n}`, { owner })
    }
    for (const [n, owner] of owners.entries()) {
      assert.deepEqual(await t.store.list(owner), [`key of ${owner.length}`], quoted(owner))
      assert.equal(await t.store.epoch(owner), n + 1, quoted(owner))
      assert.deepEqual(await t.stateOf(`row${n}`), [n + 1, false], quoted(owner))
    }
    for (const key of HOSTILE_KEYS) await t.insertRow(key, { owner: 'mona' })
    for (const key of HOSTILE_KEYS) await t.store.admit('mona', key, 0, until, ROOM)
    assert.deepEqual(await t.store.list('mona'), HOSTILE_KEYS)
    await t.store.forget('mona', HOSTILE_KEYS.slice(1))
    assert.deepEqual(await t.store.list('mona'), [HOSTILE_KEYS[0]])
    for (const [n, key] of HOSTILE_KEYS.entries()) {
      await t.revoke(n + 1, key)
      assert.deepEqual(await t.stateOf(key), [0, n === 0], quoted(key))
      const before = HOSTILE_KEYS[n - 1]
      if (before !== undefined) assert.deepEqual(await t.stateOf(before), [n + 1, n === 1])
    }
  }),
]
