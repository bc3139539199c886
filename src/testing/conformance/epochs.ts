/** Conformance: an owner's epoch, which revocations raise, and the key that the last one excepted. */

import assert from 'node:assert/strict'
import {
  ADMITTED,
  atOnce,
  it,
  outcomeOf,
  RACERS,
  ROOM,
  retry,
  REVOKED,
  type Scenario,
} from './bench.ts'

/** The scenarios for epochs. */
export const epochs: readonly Scenario[] = [
  it('a login of a lower epoch than the last revocation is refused', async (t) => {
    await t.admitEach(['a'])
    assert.deepEqual(await t.revoke(5), { epoch: 5, keys: ['a'] })
    assert.equal(await t.store.epoch('mona'), 5)
    for (const epoch of [0, 1, 4]) {
      assert.deepEqual(await t.admit('b', ROOM, epoch), REVOKED)
      assert.deepEqual(await t.admit('a', ROOM, epoch), REVOKED)
    }
    assert.deepEqual(await t.store.list('mona'), ['a'], 'a refusal changes nothing')
    assert.equal(await t.store.epoch('mona'), 5)
    assert.deepEqual(await t.admit('c', ROOM, 5), ADMITTED)
    assert.deepEqual(await t.store.list('mona'), ['a', 'c'])
    assert.equal(await t.store.epoch('other'), 0)
    assert.deepEqual(await t.store.admit('other', 'b', 0, t.clock() + 60_000, ROOM), ADMITTED)
  }),
  it('a revocation of the same or a lower epoch changes nothing, and returns the keys', async (t) => {
    await t.admitEach(['a', 'b'])
    await t.revoke(5, 'a')
    for (const epoch of [1, 4, 5]) {
      assert.deepEqual(await t.revoke(epoch, 'b'), { epoch: 5, keys: ['a', 'b'] })
      assert.deepEqual(await t.revoke(epoch), { epoch: 5, keys: ['a', 'b'] })
    }
    assert.equal(await t.store.epoch('mona'), 5)
    assert.deepEqual(await t.admit('b', ROOM, 4), REVOKED)
    assert.deepEqual(await t.admit('a', ROOM, 4), ADMITTED, 'the exception stays')
  }),
  it('a revocation of an owner without a list is stored all the same', async (t) => {
    assert.deepEqual(await t.revoke(2), { epoch: 2, keys: [] })
    assert.equal(await t.store.epoch('mona'), 2)
    assert.deepEqual(await t.admit('a', ROOM, 1), REVOKED)
    assert.deepEqual(await t.store.list('mona'), [])
  }),
  it('an epoch outlives the keys of its list', async (t) => {
    await t.admitEach(['a'])
    await t.revoke(2)
    await t.store.forget('mona', ['a'])
    assert.deepEqual(await t.store.list('mona'), [])
    assert.equal(await t.store.epoch('mona'), 2)
    assert.deepEqual(await t.admit('b', ROOM, 1), REVOKED)
  }),
  it('epochs are compared as numbers, and are exact up to 2^53 - 1', async (t) => {
    await t.insertRow('k', { owner: 'mona' })
    const largest = Number.MAX_SAFE_INTEGER
    for (const epoch of [9, 10, 2 ** 31, 2 ** 32 + 1, 2 ** 52 + 1, largest - 1, largest]) {
      assert.deepEqual(await t.revoke(epoch - 1), { epoch: epoch - 1, keys: [] })
      assert.deepEqual(await t.revoke(epoch), { epoch, keys: [] })
      assert.deepEqual(await t.revoke(epoch - 1), { epoch, keys: [] })
      assert.equal(await t.store.epoch('mona'), epoch)
      assert.deepEqual(await t.stateOf('k'), [epoch, false])
      assert.deepEqual(await t.admit('k', ROOM, epoch - 1), REVOKED)
      assert.equal(await t.keep('k', epoch - 1), false)
      assert.deepEqual(await t.admit('k', ROOM, epoch), ADMITTED)
      await t.store.forget('mona', ['k'])
    }
  }),
  it('the key that a revocation excepts is valid whatever its epoch, and no other', async (t) => {
    for (const key of ['a', 'b']) await t.insertRow(key, { owner: 'mona' })
    await t.admitEach(['a', 'b'])
    assert.deepEqual(await t.revoke(5, 'b'), { epoch: 5, keys: ['a', 'b'] })
    assert.equal(await t.store.epoch('mona'), 5)
    assert.deepEqual(await t.stateOf('a'), [5, true])
    assert.deepEqual(await t.stateOf('b'), [0, true])
    assert.deepEqual(await t.admit('b'), ADMITTED)
    assert.equal(await t.keep('b', 4), true)
    assert.deepEqual(await t.admit('a', ROOM, 4), REVOKED)
    assert.equal(await t.keep('a', 4), false)
    assert.equal(await t.store.epoch('mona'), 5, 'the excepted key does not lower it')
  }),
  it('the exception holds for a key that the list has lost, or not had yet', async (t) => {
    await t.insertRow('late', { owner: 'mona' })
    assert.deepEqual(await t.revoke(5, 'late'), { epoch: 5, keys: [] })
    assert.deepEqual(await t.stateOf('late'), [0, false])
    assert.deepEqual(await t.admit('late'), ADMITTED)
    await t.store.forget('mona', ['late'])
    assert.equal(await t.keep('late'), true)
    assert.deepEqual(await t.store.list('mona'), ['late'])
    assert.deepEqual(await t.stateOf('late'), [0, true])
  }),
  it('the next revocation replaces the exception of the one before', async (t) => {
    await t.admitEach(['a', 'b'])
    await t.revoke(5, 'b')
    await t.revoke(6, 'a')
    assert.deepEqual(await t.admit('b', ROOM, 5), REVOKED)
    assert.deepEqual(await t.admit('a'), ADMITTED)
    await t.revoke(7)
    assert.deepEqual(await t.admit('a', ROOM, 6), REVOKED)
    assert.equal(await t.keep('a', 6), false)
  }),
  it('an exception is of its owner alone', async (t) => {
    const until = t.clock() + 60_000
    await t.revoke(5, 'a')
    await t.store.revoke('other', 5, until, 'b')
    assert.deepEqual(await t.admit('b'), REVOKED)
    assert.deepEqual(await t.store.admit('other', 'a', 0, until, ROOM), REVOKED)
    assert.deepEqual(await t.store.admit('other', 'b', 0, until, ROOM), ADMITTED)
  }),
  it('of logins and a revocation at once each is either listed by it or refused', async (t) => {
    const revoked: Promise<readonly string[]>[] = []
    const admissions = await atOnce(RACERS, (n) => {
      if (n === RACERS / 2) revoked.push(t.revoke(1).then(({ keys }) => keys))
      return outcomeOf(() => t.store.admit('mona', `k${n}`, 0, t.clock() + 60_000, ROOM))
    })
    const listed = new Set((await Promise.all(revoked)).flat())
    for (const [n, { answer, isResent }] of admissions.entries()) {
      // One that was admitted, and sent again after the revocation, is refused and listed.
      const isEither = answer.admitted || !isResent
      if (isEither) assert.equal(answer.admitted, listed.has(`k${n}`), `the login k${n}`)
      if (!answer.admitted) assert.deepEqual(answer, REVOKED)
    }
  }),
  it('of revocations at once the highest epoch counts, and its exception', async (t) => {
    for (let round = 1; round <= 4; round++) {
      const owner = `mona${round}`
      const until = t.clock() + 60_000
      await atOnce(RACERS, (n) => {
        const epoch = 1 + ((n * 37) % RACERS)
        return retry(() => t.store.revoke(owner, epoch, until, `k${epoch}`))
      })
      assert.equal(await t.store.epoch(owner), RACERS)
      const admit = (key: string, epoch: number) => t.store.admit(owner, key, epoch, until, ROOM)
      assert.deepEqual(await admit(`k${RACERS - 1}`, RACERS - 1), REVOKED)
      assert.deepEqual(await admit(`k${RACERS}`, 0), ADMITTED)
      assert.deepEqual(await admit('k', RACERS), ADMITTED)
    }
  }),
]
