/** Conformance: what a store may have for `sessions.onEnded`: `readMany` and `subscribe`. */

import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { READ_AT_ONCE } from '../../backends/stored/store.ts'
import { assertSameRow, atOnce, it, MINUTE, retry, type Scenario } from './bench.ts'

/** The scenarios. They pass for a store that has neither. */
export const watching: readonly Scenario[] = [
  it('readMany, if there is one, returns for each key what read does, in the order of the keys', async (t) => {
    if (!t.store.readMany) return
    await t.insertRow('anonymous', { body: 'é\0\u{1f600}' })
    await t.insertRow('over', { expiresAt: t.clock() - MINUTE })
    for (const key of ['listed', 'excepted']) {
      await t.insertRow(key, { owner: 'mona' })
      await t.admit(key)
    }
    await t.insertRow('unlisted', { owner: 'mona' })
    await t.insertRow('stranger', { owner: `\x01\ufeff${'n'.repeat(900)}` })
    await t.revoke(7, 'excepted')
    await t.insertRow('removed')
    await retry(() => t.store.remove('removed'))
    const keys = ['unlisted', 'never was', 'excepted', 'removed', 'anonymous', 'listed', 'over']
    const wanted = [...keys, 'stranger']
    const rows = await retry(() => t.store.readMany!(wanted))
    assert.equal(rows.length, wanted.length)
    for (const [at, key] of wanted.entries()) {
      const alone = await retry(() => t.store.read(key))
      assertSameRow(rows[at] ?? null, alone, `the row of ${key}`)
      assert.deepEqual([rows[at]?.epoch, rows[at]?.isListed], [alone?.epoch, alone?.isListed])
    }
    assert.deepEqual(await t.store.readMany([]), [])
  }),
  it('readMany, if there is one, reads as many keys at once as it is given', async (t) => {
    if (!t.store.readMany) return
    await atOnce(READ_AT_ONCE, (n) => t.insertRow(`k${n}`, { body: `body ${n}` }))
    const keys = Array.from({ length: READ_AT_ONCE }, (_, n) => `k${READ_AT_ONCE - 1 - n}`)
    const rows = await retry(() => t.store.readMany!(keys))
    assert.deepEqual(
      rows.map((row) => row?.body),
      keys.map((key) => `body ${key.slice(1)}`),
    )
  }),
  it('subscribe, if there is one, tells of every removal, and after its end of none', async (t) => {
    if (!t.store.subscribe) return
    const heard: string[] = []
    const others: string[] = []
    const lost = () => assert.fail('the subscription is lost')
    const stop = await t.store.subscribe((key) => heard.push(key), lost)
    const stopOther = await t.store.subscribe((key) => others.push(key), lost)
    const keys = ['a', 'b', 'c']
    for (const key of keys) await t.insertRow(key)
    for (const key of keys) await retry(() => t.store.remove(key))
    await until(() => keys.every((key) => heard.includes(key) && others.includes(key)))
    await stop()
    await t.insertRow('after')
    await retry(() => t.store.remove('after'))
    await until(() => others.includes('after'))
    assert.equal(heard.includes('after'), false)
    await stopOther()
  }),
]

/** Waits until it is so. Only how long depends on the time. */
async function until(isSo: () => boolean): Promise<void> {
  for (let waited = 0; !isSo(); waited += 1) {
    assert.ok(waited < 6000, 'no notification arrived within a minute')
    await pause(10)
  }
}
