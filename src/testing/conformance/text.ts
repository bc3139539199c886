/** Conformance: keys, owners and bodies whose characters are easily lost or confused. */

import assert from 'node:assert/strict'
import type { Row } from '../../backends/stored/store.ts'
import { atOnce, it, quoted, retry, rowAfter, WON, type Scenario } from './bench.ts'

/** All different; several are equal to a store that folds case, trims or normalizes. */
const HOSTILE_KEYS = [
  ...'a A 1 01 1e0 -1 null NaN * ? [a-z] {tag} {tag}x x{tag} {} }{ a:b a::b % _ a%'.split(' '),
  ...'" ` $1 ${a} /../.. __proto__ constructor prototype toString hasOwnProperty'.split(' '),
  ' a',
  'a ',
  '\ta\n',
  'a\r\nb',
  '\\',
  '\\0',
  "'",
  "'; DROP TABLE sessions; --",
  '\u0001',
  '\u007f',
  '\u0080',
  '\u00e9',
  'e\u0301',
  'stra\u00dfe',
  'strasse',
  '\u0130',
  'i',
  '\ufeff',
  '\ufeffa',
  '\ud7ff',
  '\ue000',
  '\uffff',
  '\u{10000}',
  '\u{10ffff}',
  '\u{1f36a}',
  '\u{1f469}\u200d\u{1f680}',
  'k'.repeat(255),
  `${'k'.repeat(254)}K`,
  '\u{1f36a}'.repeat(63),
  `${'\u00e9'.repeat(127)}x`,
]

/** Texts for owners and bodies. U+0000 is among them: PostgreSQL refuses it, and C ends there. */
const HOSTILE_TEXTS = [
  '',
  ' ',
  '\n',
  'null',
  'undefined',
  '0',
  '1e5',
  '\u0000',
  '\u0000\u0000a',
  'a\u0000b',
  'a\u0000',
  '\\u0000',
  '\\',
  '\\\\x00',
  "it's",
  '"',
  '\u0001\u001f\u007f\u0080\u009f',
  '\u00ff\u0100',
  '\ufeffbom',
  'e\u0301\u00e9',
  '\u2028\u2029',
  '\ud7ff\ue000\ufffd\ufffe\uffff',
  '\u{10000}\u{10ffff}',
  '\u{1f469}\u200d\u{1f680}',
  '__proto__',
  '{"a":"\u0000"}',
  'a:b c,d|e;f\tg\r\nh',
]

const MEBIBYTE = 1024 * 1024

/** The scenarios for keys and texts. */
export const texts: readonly Scenario[] = [
  it('keys with quotes, spaces, newlines, emoji, wildcards or tags are kept apart', async (bench) => {
    const { insertRow, assertHolds, allKeys } = bench
    const rows = await atOnce(HOSTILE_KEYS.length, (n) =>
      insertRow(HOSTILE_KEYS[n]!, { body: `${n}` }),
    )
    await atOnce(rows.length, (n) => assertHolds(HOSTILE_KEYS[n]!, rows[n]!))
    assert.deepEqual(await allKeys(), [...HOSTILE_KEYS].sort())
  }),
  it('every verb takes hostile keys, and touches no other key', async (bench) => {
    const { store, insertRow, swapRow, assertHolds, allKeys } = bench
    const neighbour = await insertRow('neighbour')
    for (const key of HOSTILE_KEYS) {
      const row = await insertRow(key)
      const next = await swapRow(key, row, { body: key })
      assert.equal(await store.touch(key, row.expiresAt + 1), true, quoted(key))
      await assertHolds(key, { ...next, expiresAt: row.expiresAt + 1 })
      assert.equal(await store.remove(key), true, quoted(key))
      assert.equal(await store.insert(key, row), false, quoted(key))
    }
    assert.deepEqual(await allKeys(), ['neighbour'])
    await assertHolds('neighbour', neighbour)
  }),
  it('bodies come back to the character, U+0000 and the edges of Unicode included', async (bench) => {
    const { store, insertRow, assertHolds } = bench
    await atOnce(HOSTILE_TEXTS.length, async (n) => {
      const body = HOSTILE_TEXTS[n]!
      const row = await insertRow(`inserted-${n}`, { body })
      await assertHolds(`inserted-${n}`, row)
      const before = await insertRow(`swapped-${n}`)
      const swapped = rowAfter(before, { body, owner: body })
      const swap = (ifWrite: string, row: Row) =>
        retry(() => store.swap(`swapped-${n}`, ifWrite, row))
      assert.deepEqual(await swap(before.write, swapped), WON)
      const lost = await swap('x', rowAfter(before))
      assert.deepEqual(lost, { won: false, newest: swapped })
    })
  }),
  it('owners of rows come back to the character, and null is not a text', async (bench) => {
    const { insertRow, assertHolds } = bench
    await atOnce(HOSTILE_TEXTS.length, async (n) => {
      const row = await insertRow(`k${n}`, { owner: HOSTILE_TEXTS[n]! })
      await assertHolds(`k${n}`, row)
    })
    const nobody = await insertRow('nobody', { owner: null })
    await assertHolds('nobody', nobody)
  }),
  it('bodies of a mebibyte come back whole, through insert, swap and a swap that loses', async (bench) => {
    const { store, insertRow, swapRow, assertHolds } = bench
    const bodies = {
      plain: 'x'.repeat(MEBIBYTE - 1) + '!',
      emoji: '\u{1f36a}'.repeat(MEBIBYTE / 4),
      zeros: '\u0000'.repeat(MEBIBYTE),
      quotes: `"\\'\n`.repeat(MEBIBYTE / 4),
    }
    for (const [key, body] of Object.entries(bodies)) {
      const row = await insertRow(key, { body })
      await assertHolds(key, row)
      const next = await swapRow(key, row, { body: `${body.slice(2)}ab` })
      const lost = await store.swap(key, row.write, rowAfter(row, { body }))
      assert.ok(!lost.won && lost.newest?.body === next.body, `the newest row of ${key}`)
      assert.equal(await store.touch(key, next.expiresAt + 1), true)
      await assertHolds(key, { ...next, expiresAt: next.expiresAt + 1 })
    }
  }),
  it('owners with hostile names have lists of their own, of hostile keys', async (bench) => {
    const { store, clock } = bench
    const until = clock() + 60_000
    const owners = HOSTILE_TEXTS.filter((text) => text !== '')
    for (const owner of owners) await store.admit(owner, `key of ${owner.length}`, 1, until)
    for (const owner of owners) {
      assert.deepEqual(await store.list(owner), [`key of ${owner.length}`], quoted(owner))
    }
    for (const key of HOSTILE_KEYS) await store.admit('mona', key, 1, until)
    assert.deepEqual(await store.list('mona'), HOSTILE_KEYS)
    await store.forget('mona', HOSTILE_KEYS.slice(1))
    assert.deepEqual(await store.list('mona'), [HOSTILE_KEYS[0]])
  }),
]
