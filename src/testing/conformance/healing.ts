/** Conformance: lists that have lost a key or their epoch: what `read` says of them, and `keep`. */

import assert from 'node:assert/strict'
import { ADMITTED, atOnce, it, outcomeOf, RACERS, ROOM, REVOKED, type Scenario } from './bench.ts'

/** The scenarios for lists that heal. `forget` stands for the failover that loses a key. */
export const healing: readonly Scenario[] = [
  it('a row is read with the epoch of its owner, and whether it is in the list', async (t) => {
    await t.insertRow('a', { owner: 'mona' })
    assert.deepEqual(await t.stateOf('a'), [0, false])
    await t.admit('a')
    assert.deepEqual(await t.stateOf('a'), [0, true])
    await t.revoke(3)
    assert.deepEqual(await t.stateOf('a'), [3, true])
    await t.store.forget('mona', ['a'])
    assert.deepEqual(await t.stateOf('a'), [3, false])
  }),
  it('a row without an owner has the epoch 0, and misses in no list', async (t) => {
    const row = await t.insertRow('a')
    await t.admit('a')
    await t.revoke(3)
    assert.deepEqual(await t.stateOf('a'), [0, true])
    await t.swapRow('a', row, { owner: 'mona' })
    assert.deepEqual(await t.stateOf('a'), [3, true])
  }),
  it("a row is in the list of the owner it has now, and in nobody else's", async (t) => {
    const until = t.clock() + 60_000
    const row = await t.insertRow('a', { owner: 'mona' })
    await t.store.admit('other', 'a', 0, until, ROOM)
    await t.store.revoke('other', 4, until, undefined)
    assert.deepEqual(await t.stateOf('a'), [0, false])
    await t.swapRow('a', row, { owner: 'other' })
    assert.deepEqual(await t.stateOf('a'), [4, true])
  }),
  it('a row is not in the list for a key that is a part of its own, or longer', async (t) => {
    for (const key of ['b', 'ab', '3', '5', 'mona']) await t.insertRow(key, { owner: 'mona' })
    await t.admitEach(['abc', 'a', 'bc'])
    await t.revoke(3, '5')
    for (const key of ['b', 'ab', '3', 'mona']) assert.deepEqual(await t.stateOf(key), [3, false])
    assert.deepEqual(await t.stateOf('5'), [0, false])
  }),
  it('a key that is kept stays in its place; one that was lost is put back, at the end', async (t) => {
    await t.admitEach(['a', 'b', 'c'])
    assert.equal(await t.keep('b'), true)
    assert.deepEqual(await t.store.list('mona'), ['a', 'b', 'c'])
    await t.store.forget('mona', ['a'])
    assert.equal(await t.keep('a'), true)
    assert.equal(await t.keep('a'), true)
    assert.deepEqual(await t.store.list('mona'), ['b', 'c', 'a'])
    assert.equal(await t.store.keep('lost', 'x', 0, t.clock() + 60_000), true)
    assert.deepEqual(await t.store.list('lost'), ['x'])
  }),
  it('a session that was revoked is not put back, and changes nothing', async (t) => {
    await t.admitEach(['a', 'b'])
    await t.revoke(5)
    await t.store.forget('mona', ['a'])
    for (const epoch of [0, 4]) {
      assert.equal(await t.keep('a', epoch), false)
      assert.equal(await t.keep('b', epoch), false)
    }
    assert.deepEqual(await t.store.list('mona'), ['b'])
    assert.equal(await t.store.epoch('mona'), 5)
    assert.equal(await t.keep('a', 5), true)
    assert.deepEqual(await t.store.list('mona'), ['b', 'a'])
  }),
  it('an epoch that was lost comes back with a session of it, by keep or by admit', async (t) => {
    for (const heal of [t.keep, (key: string, epoch: number) => t.admit(key, ROOM, epoch)]) {
      await t.store.erase('mona')
      await t.admitEach(['older'])
      assert.ok(await heal('newer', 7))
      assert.equal(await t.store.epoch('mona'), 7)
      assert.equal(await t.keep('older', 6), false)
      assert.deepEqual(await t.admit('late', ROOM, 6), REVOKED)
      assert.deepEqual(await t.revoke(6), { epoch: 7, keys: ['older', 'newer'] })
      assert.deepEqual(await t.admit('equal', ROOM, 7), ADMITTED)
    }
  }),
  it('an epoch that comes back ends the exception of an earlier revocation', async (t) => {
    for (const heal of [t.keep, (key: string, epoch: number) => t.admit(key, ROOM, epoch)]) {
      await t.store.erase('mona')
      await t.revoke(5, 'a')
      assert.equal(await t.keep('a', 0), true)
      assert.ok(await heal('newer', 5))
      assert.equal(await t.keep('a', 0), true, 'the epoch is the same')
      assert.ok(await heal('newest', 7))
      assert.equal(await t.keep('a', 0), false)
      assert.deepEqual(await t.admit('a', ROOM, 6), REVOKED)
    }
  }),
  it('of lost keys that are kept and a revocation at once each is listed by it or refused', async (t) => {
    const revoked: Promise<readonly string[]>[] = []
    const kept = await atOnce(RACERS, (n) => {
      if (n === RACERS / 2) revoked.push(t.revoke(1).then(({ keys }) => keys))
      return outcomeOf(() => t.store.keep('mona', `k${n}`, 0, t.clock() + 60_000))
    })
    const listed = new Set((await Promise.all(revoked)).flat())
    for (const [n, { answer, isResent }] of kept.entries()) {
      if (answer || !isResent) assert.equal(answer, listed.has(`k${n}`), `the session k${n}`)
    }
  }),
  it('many lost keys kept at once are all listed, each once, beside new logins', async (t) => {
    await atOnce<unknown>(2 * RACERS, (n) =>
      n % 2 === 0 ? t.keep(`k${n % RACERS}`) : t.admit(`k${n % RACERS}`),
    )
    const expected = Array.from({ length: RACERS }, (_, n) => `k${n}`)
    assert.deepEqual((await t.store.list('mona')).sort(), expected.sort())
  }),
]
