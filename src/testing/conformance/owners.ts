/** Conformance: an owner's list of keys: `admit`, `list`, `forget` and `erase`. */

import assert from 'node:assert/strict'
import { ADMITTED, atOnce, it, RACERS, ROOM, type Scenario } from './bench.ts'

/** The scenarios for an owner's list. */
export const owners: readonly Scenario[] = [
  it('an owner without a list has no keys, and the verbs that read or shorten it do no harm', async (t) => {
    assert.deepEqual(await t.store.list('nobody'), [])
    assert.equal(await t.store.epoch('nobody'), 0)
    await t.store.forget('nobody', ['a', 'b'])
    await t.store.forget('nobody', [])
    assert.deepEqual(await t.store.list('nobody'), [])
    await t.store.erase('nobody')
    assert.deepEqual(await t.store.list('nobody'), [])
    assert.equal(await t.store.epoch('nobody'), 0)
  }),
  it('keys are listed in the order they were admitted, each owner apart', async (t) => {
    const keys = ['z', 'a', 'm', '10', '9', 'B', 'b']
    await t.admitEach(keys)
    await t.store.admit('Mona', 'other', 0, t.clock() + 60_000, ROOM)
    assert.deepEqual(await t.store.list('mona'), keys)
    assert.deepEqual(await t.store.list('Mona'), ['other'])
  }),
  it('a list is returned as far as it is asked for, from the oldest on', async (t) => {
    await t.admitEach(['c', 'b', 'a'])
    assert.deepEqual(await t.store.list('mona', 1), ['c'])
    assert.deepEqual(await t.store.list('mona', 2), ['c', 'b'])
    assert.deepEqual(await t.store.list('mona', 3), ['c', 'b', 'a'])
    assert.deepEqual(await t.store.list('mona', 100), ['c', 'b', 'a'])
    await t.revoke(1)
    assert.deepEqual(await t.store.list('mona', 1), ['c'])
    assert.deepEqual(await t.store.list('nobody', 1), [])
  }),
  it('a key that is admitted again keeps its place, and is there once', async (t) => {
    await t.admitEach(['a', 'b', 'c', 'a', 'b', 'a'])
    assert.deepEqual(await t.store.list('mona'), ['a', 'b', 'c'])
  }),
  it('many keys admitted at once are all listed, each once', async (t) => {
    await atOnce(2 * RACERS, (n) => t.admit(`k${n % RACERS}`))
    const listed = await t.store.list('mona')
    assert.equal(listed.length, RACERS)
    assert.equal(new Set(listed).size, RACERS)
  }),
  it('forgotten keys leave the list, and one that is admitted again joins at the end', async (t) => {
    await t.admitEach(['a', 'b', 'c', 'd'])
    await t.store.forget('mona', ['b', 'unknown', 'd', 'b'])
    assert.deepEqual(await t.store.list('mona'), ['a', 'c'])
    await t.admitEach(['b'])
    await t.store.forget('mona', [])
    assert.deepEqual(await t.store.list('mona'), ['a', 'c', 'b'])
  }),
  it('a list of a thousand keys is kept, and forgotten at once', async (t) => {
    const keys = Array.from({ length: 1000 }, (_, n) => `key-${n}`)
    await atOnce(1000, (n) => t.admit(keys[n]!))
    const listed = await t.store.list('mona')
    assert.deepEqual([...listed].sort(), [...keys].sort())
    await t.store.forget('mona', listed.slice(1))
    assert.deepEqual(await t.store.list('mona'), listed.slice(0, 1))
  }),
  it('an erased owner has neither keys nor an epoch, and is as one who never was there', async (t) => {
    const row = await t.insertRow('a', { owner: 'mona' })
    await t.admitEach(['a', 'b'])
    await t.store.admit('other', 'c', 0, t.clock() + 60_000, ROOM)
    await t.store.revoke('other', 3, t.clock() + 60_000, undefined)
    await t.revoke(7, 'b')
    await t.store.erase('mona')
    assert.deepEqual(await t.store.list('mona'), [])
    assert.equal(await t.store.epoch('mona'), 0)
    await t.assertHolds('a', row)
    assert.deepEqual(await t.stateOf('a'), [0, false])
    assert.deepEqual(await t.store.list('other'), ['c'])
    assert.equal(await t.store.epoch('other'), 3)
    assert.deepEqual(await t.admit('z'), ADMITTED)
    assert.deepEqual(await t.store.list('mona'), ['z'])
    assert.deepEqual(await t.revoke(1), { epoch: 1, keys: ['z'] })
    assert.equal(await t.keep('b'), false, 'the exception is gone with the rest')
  }),
]
