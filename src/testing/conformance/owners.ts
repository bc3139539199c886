/** Conformance: an owner's list of keys: `admit`, `keep`, `list` and `forget`. */

import assert from 'node:assert/strict'
import {
  ADMITTED,
  atOnce,
  evicting,
  FULL,
  it,
  MINUTE,
  outcomeOf,
  RACERS,
  refusing,
  retry,
  REVOKED,
  type Scenario,
} from './bench.ts'

/** The scenarios for an owner's list. */
export const owners: readonly Scenario[] = [
  it('an owner without a list has no keys, and the verbs that change a list do no harm', async (t) => {
    assert.deepEqual(await t.store.list('nobody'), [])
    await t.store.keep('nobody', t.clock() + MINUTE)
    await t.store.forget('nobody', ['a', 'b'])
    await t.store.forget('nobody', [])
    assert.deepEqual(await t.store.list('nobody'), [])
  }),
  it('keys are listed in the order they were admitted, each owner apart', async (t) => {
    const keys = ['z', 'a', 'm', '10', '9', 'B', 'b']
    await t.admitEach(keys)
    await t.store.admit('Mona', 'other', 1, t.clock() + MINUTE)
    assert.deepEqual(await t.store.list('mona'), keys)
    assert.deepEqual(await t.store.list('Mona'), ['other'])
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
  it('over the limit the newcomer is admitted, and the oldest are named but stay listed', async (t) => {
    const limit = evicting(2)
    for (const key of ['a', 'b']) assert.deepEqual(await t.admit(key, limit), ADMITTED)
    assert.deepEqual(await t.admit('c', limit), { admitted: true, over: ['a'] })
    assert.deepEqual(await t.admit('d', limit), { admitted: true, over: ['a', 'b'] })
    assert.deepEqual(await t.admit('d', limit), { admitted: true, over: ['a', 'b'] })
    assert.deepEqual(await t.store.list('mona'), ['a', 'b', 'c', 'd'])
    await t.store.forget('mona', ['a', 'b'])
    assert.deepEqual(await t.admit('d', limit), ADMITTED)
  }),
  it('the key that is admitted is never named as over the limit', async (t) => {
    const limit = evicting(1)
    await t.admitEach(['a', 'b', 'c'])
    const again = await t.admit('a', limit)
    assert.ok(again.admitted && !again.over.includes('a'))
    assert.deepEqual(await t.admit('x', limit), { admitted: true, over: ['a', 'b', 'c'] })
  }),
  it('where the limit refuses, a newcomer to a full list is refused, and nothing changes', async (t) => {
    const limit = refusing(2)
    for (const key of ['a', 'b']) assert.deepEqual(await t.admit(key, limit), ADMITTED)
    assert.deepEqual(await t.admit('c', limit), FULL)
    assert.deepEqual(await t.admit('a', limit), ADMITTED, 'a key that is there is in')
    assert.deepEqual(await t.store.list('mona'), ['a', 'b'])
    await t.store.forget('mona', ['a'])
    assert.deepEqual(await t.admit('c', limit), ADMITTED)
    assert.deepEqual(await t.store.list('mona'), ['b', 'c'])
  }),
  it('of many logins at once a limit that refuses admits exactly as many as it says', async (t) => {
    const limit = refusing(5)
    const admissions = await atOnce(RACERS, (n) => t.admit(`k${n}`, limit))
    assert.equal(admissions.filter(({ admitted }) => admitted).length, 5)
    for (const admission of admissions) {
      assert.deepEqual(admission, admission.admitted ? ADMITTED : FULL)
    }
    assert.equal((await t.store.list('mona')).length, 5)
  }),
  it('of many logins at once a limit that evicts names all but as many as it says', async (t) => {
    const limit = evicting(5)
    const admissions = await atOnce(RACERS, (n) =>
      outcomeOf(() => t.store.admit('mona', `k${n}`, t.clock(), t.clock() + 60 * MINUTE, limit)),
    )
    // A key that is admitted again is not reported as over the limit; a later key is reported instead.
    const first = admissions.filter(({ isResent }) => !isResent)
    const over = new Set(first.flatMap(({ answer }) => (answer.admitted ? answer.over : [])))
    const oldest = (await t.store.list('mona')).slice(0, RACERS - 5)
    assert.deepEqual(
      [...over].filter((key) => !oldest.includes(key)),
      [],
    )
    if (first.length === RACERS) assert.equal(over.size, oldest.length)
  }),
  it('a login that was called before the last revocation, or with it, is refused', async (t) => {
    const now = t.clock()
    await t.admitEach(['a'])
    assert.deepEqual(await t.store.list('mona', now), ['a'])
    for (const calledAt of [0, now - MINUTE, now - 1, now]) {
      assert.deepEqual(await t.store.admit('mona', 'b', calledAt, now + MINUTE), REVOKED)
      assert.deepEqual(await t.store.admit('mona', 'a', calledAt, now + MINUTE), REVOKED)
    }
    assert.deepEqual(await t.store.list('mona'), ['a'], 'a refusal changes nothing')
    assert.deepEqual(await t.store.admit('other', 'b', now, now + MINUTE), ADMITTED)
    assert.deepEqual(await t.store.admit('mona', 'c', now + 1, now + MINUTE), ADMITTED)
    assert.deepEqual(await t.store.list('mona'), ['a', 'c'])
  }),
  it('the latest revocation counts, and neither an earlier one nor a plain list undoes it', async (t) => {
    const now = t.clock()
    for (const revoking of [now - 5, now, now - 9]) await t.store.list('mona', revoking)
    await t.store.list('mona')
    await t.store.forget('mona', ['a'])
    await t.store.keep('mona', now + MINUTE)
    assert.deepEqual(await t.store.admit('mona', 'a', now, now + MINUTE), REVOKED)
    assert.deepEqual(await t.store.admit('mona', 'a', now + 1, now + MINUTE), ADMITTED)
    assert.deepEqual(await t.store.admit('mona', 'b', now, now + MINUTE), REVOKED)
  }),
  it('a revocation of an owner without a list is noted all the same', async (t) => {
    assert.deepEqual(await t.store.list('mona', t.clock()), [])
    assert.deepEqual(await t.store.admit('mona', 'a', t.clock(), t.clock() + MINUTE), REVOKED)
    assert.deepEqual(await t.store.list('mona'), [])
  }),
  it('of logins and a revocation at once each is either listed by it or refused', async (t) => {
    const now = t.clock()
    const revoked: Promise<string[]>[] = []
    const admissions = await atOnce(RACERS, (n) => {
      if (n === RACERS / 2) revoked.push(retry(() => t.store.list('mona', now)))
      return outcomeOf(() => t.store.admit('mona', `k${n}`, now, now + MINUTE))
    })
    const listed = new Set((await Promise.all(revoked)).flat())
    for (const [n, { answer, isResent }] of admissions.entries()) {
      // One that was admitted, and sent again after the revocation, is refused and listed.
      const isEither = answer.admitted || !isResent
      if (isEither) assert.equal(answer.admitted, listed.has(`k${n}`), `the login k${n}`)
      if (!answer.admitted) assert.deepEqual(answer, REVOKED)
    }
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
]
