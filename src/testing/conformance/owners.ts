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
  it('an owner without a list has no keys, and the verbs that change a list do no harm', async (bench) => {
    const { store, clock } = bench
    assert.deepEqual(await store.list('nobody'), [])
    await store.keep('nobody', clock() + MINUTE)
    await store.forget('nobody', ['a', 'b'])
    await store.forget('nobody', [])
    assert.deepEqual(await store.list('nobody'), [])
  }),
  it('keys are listed in the order they were admitted, each owner apart', async (bench) => {
    const { store, clock, admitEach } = bench
    const keys = ['z', 'a', 'm', '10', '9', 'B', 'b']
    await admitEach(keys)
    await store.admit('Mona', 'other', 1, clock() + MINUTE)
    assert.deepEqual(await store.list('mona'), keys)
    assert.deepEqual(await store.list('Mona'), ['other'])
  }),
  it('a key that is admitted again keeps its place, and is there once', async (bench) => {
    const { store, admitEach } = bench
    await admitEach(['a', 'b', 'c', 'a', 'b', 'a'])
    assert.deepEqual(await store.list('mona'), ['a', 'b', 'c'])
  }),
  it('many keys admitted at once are all listed, each once', async ({ store, admit }) => {
    await atOnce(2 * RACERS, (n) => admit(`k${n % RACERS}`))
    const listed = await store.list('mona')
    assert.equal(listed.length, RACERS)
    assert.equal(new Set(listed).size, RACERS)
  }),
  it('over the limit the newcomer is admitted, and the oldest are named but stay listed', async (bench) => {
    const { store, admit } = bench
    const limit = evicting(2)
    for (const key of ['a', 'b']) assert.deepEqual(await admit(key, limit), ADMITTED)
    assert.deepEqual(await admit('c', limit), { admitted: true, over: ['a'] })
    assert.deepEqual(await admit('d', limit), { admitted: true, over: ['a', 'b'] })
    assert.deepEqual(await admit('d', limit), { admitted: true, over: ['a', 'b'] })
    assert.deepEqual(await store.list('mona'), ['a', 'b', 'c', 'd'])
    await store.forget('mona', ['a', 'b'])
    assert.deepEqual(await admit('d', limit), ADMITTED)
  }),
  it('the key that is admitted is never named as over the limit', async ({ admit, admitEach }) => {
    const limit = evicting(1)
    await admitEach(['a', 'b', 'c'])
    const again = await admit('a', limit)
    assert.ok(again.admitted && !again.over.includes('a'))
    assert.deepEqual(await admit('x', limit), { admitted: true, over: ['a', 'b', 'c'] })
  }),
  it('where the limit refuses, a newcomer to a full list is refused, and nothing changes', async (bench) => {
    const { store, admit } = bench
    const limit = refusing(2)
    for (const key of ['a', 'b']) assert.deepEqual(await admit(key, limit), ADMITTED)
    assert.deepEqual(await admit('c', limit), FULL)
    assert.deepEqual(await admit('a', limit), ADMITTED, 'a key that is there is in')
    assert.deepEqual(await store.list('mona'), ['a', 'b'])
    await store.forget('mona', ['a'])
    assert.deepEqual(await admit('c', limit), ADMITTED)
    assert.deepEqual(await store.list('mona'), ['b', 'c'])
  }),
  it('of many logins at once a limit that refuses admits exactly as many as it says', async (bench) => {
    const { store, admit } = bench
    const limit = refusing(5)
    const admissions = await atOnce(RACERS, (n) => admit(`k${n}`, limit))
    assert.equal(admissions.filter(({ admitted }) => admitted).length, 5)
    for (const admission of admissions) {
      assert.deepEqual(admission, admission.admitted ? ADMITTED : FULL)
    }
    assert.equal((await store.list('mona')).length, 5)
  }),
  it('of many logins at once a limit that evicts names all but as many as it says', async (bench) => {
    const { store, clock } = bench
    const limit = evicting(5)
    const admissions = await atOnce(RACERS, (n) =>
      outcomeOf(() => store.admit('mona', `k${n}`, clock(), clock() + 60 * MINUTE, limit)),
    )
    // A key that is admitted again is not reported as over the limit; a later key is reported instead.
    const first = admissions.filter(({ isResent }) => !isResent)
    const over = new Set(first.flatMap(({ answer }) => (answer.admitted ? answer.over : [])))
    const oldest = (await store.list('mona')).slice(0, RACERS - 5)
    assert.deepEqual(
      [...over].filter((key) => !oldest.includes(key)),
      [],
    )
    if (first.length === RACERS) assert.equal(over.size, oldest.length)
  }),
  it('a login that was called before the last revocation, or with it, is refused', async (bench) => {
    const { store, clock, admitEach } = bench
    const now = clock()
    await admitEach(['a'])
    assert.deepEqual(await store.list('mona', now), ['a'])
    for (const calledAt of [0, now - MINUTE, now - 1, now]) {
      assert.deepEqual(await store.admit('mona', 'b', calledAt, now + MINUTE), REVOKED)
      assert.deepEqual(await store.admit('mona', 'a', calledAt, now + MINUTE), REVOKED)
    }
    assert.deepEqual(await store.list('mona'), ['a'], 'a refusal changes nothing')
    assert.deepEqual(await store.admit('other', 'b', now, now + MINUTE), ADMITTED)
    assert.deepEqual(await store.admit('mona', 'c', now + 1, now + MINUTE), ADMITTED)
    assert.deepEqual(await store.list('mona'), ['a', 'c'])
  }),
  it('the latest revocation counts, and neither an earlier one nor a plain list undoes it', async (bench) => {
    const { store, clock } = bench
    const now = clock()
    for (const revoking of [now - 5, now, now - 9]) await store.list('mona', revoking)
    await store.list('mona')
    await store.forget('mona', ['a'])
    await store.keep('mona', now + MINUTE)
    assert.deepEqual(await store.admit('mona', 'a', now, now + MINUTE), REVOKED)
    assert.deepEqual(await store.admit('mona', 'a', now + 1, now + MINUTE), ADMITTED)
    assert.deepEqual(await store.admit('mona', 'b', now, now + MINUTE), REVOKED)
  }),
  it('a revocation of an owner without a list is noted all the same', async ({ store, clock }) => {
    assert.deepEqual(await store.list('mona', clock()), [])
    assert.deepEqual(await store.admit('mona', 'a', clock(), clock() + MINUTE), REVOKED)
    assert.deepEqual(await store.list('mona'), [])
  }),
  it('of logins and a revocation at once each is either listed by it or refused', async (bench) => {
    const { store, clock } = bench
    const now = clock()
    const revoked: Promise<string[]>[] = []
    const admissions = await atOnce(RACERS, (n) => {
      if (n === RACERS / 2) revoked.push(retry(() => store.list('mona', now)))
      return outcomeOf(() => store.admit('mona', `k${n}`, now, now + MINUTE))
    })
    const listed = new Set((await Promise.all(revoked)).flat())
    for (const [n, { answer, isResent }] of admissions.entries()) {
      // One that was admitted, and sent again after the revocation, is refused and listed.
      const isEither = answer.admitted || !isResent
      if (isEither) assert.equal(answer.admitted, listed.has(`k${n}`), `the login k${n}`)
      if (!answer.admitted) assert.deepEqual(answer, REVOKED)
    }
  }),
  it('forgotten keys leave the list, and one that is admitted again joins at the end', async (bench) => {
    const { store, admitEach } = bench
    await admitEach(['a', 'b', 'c', 'd'])
    await store.forget('mona', ['b', 'unknown', 'd', 'b'])
    assert.deepEqual(await store.list('mona'), ['a', 'c'])
    await admitEach(['b'])
    await store.forget('mona', [])
    assert.deepEqual(await store.list('mona'), ['a', 'c', 'b'])
  }),
  it('a list of a thousand keys is kept, and forgotten at once', async ({ store, admit }) => {
    const keys = Array.from({ length: 1000 }, (_, n) => `key-${n}`)
    await atOnce(1000, (n) => admit(keys[n]!))
    const listed = await store.list('mona')
    assert.deepEqual([...listed].sort(), [...keys].sort())
    await store.forget('mona', listed.slice(1))
    assert.deepEqual(await store.list('mona'), listed.slice(0, 1))
  }),
]
