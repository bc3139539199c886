/** Conformance: which keys an owner has. */

import assert from 'node:assert/strict'
import type { Admission, Limit } from '../../backends/stored/store.ts'
import { atOnce, MINUTE, RACERS, settled, surely, type Bench, type Scenario } from './bench.ts'

const ADMITTED: Admission = { admitted: true, over: [] }
const REVOKED: Admission = { admitted: false, why: 'revoked' }
const FULL: Admission = { admitted: false, why: 'limit' }

/** What `admit`, `keep`, `list` and `forget` promise. */
export const owners: readonly Scenario[] = [
  {
    name: 'an owner without a list has no keys, and the verbs that change a list do no harm',
    async check({ store, clock }) {
      assert.deepEqual(await store.list('nobody'), [])
      await store.keep('nobody', clock() + MINUTE)
      await store.forget('nobody', ['a', 'b'])
      await store.forget('nobody', [])
      assert.deepEqual(await store.list('nobody'), [])
    },
  },
  {
    name: 'keys are listed in the order they were admitted, each owner apart',
    async check(bench) {
      const keys = ['z', 'a', 'm', '10', '9', 'B', 'b']
      await admitAll(bench, 'mona', keys)
      await admitAll(bench, 'Mona', ['other'])
      assert.deepEqual(await bench.store.list('mona'), keys)
      assert.deepEqual(await bench.store.list('Mona'), ['other'])
    },
  },
  {
    name: 'a key that is admitted again keeps its place, and is there once',
    async check(bench) {
      await admitAll(bench, 'mona', ['a', 'b', 'c', 'a', 'b', 'a'])
      assert.deepEqual(await bench.store.list('mona'), ['a', 'b', 'c'])
    },
  },
  {
    name: 'many keys admitted at once are all listed, each once',
    async check(bench) {
      await atOnce(2 * RACERS, (n) => admit(bench, `k${n % RACERS}`))
      const listed = await bench.store.list('mona')
      assert.equal(listed.length, RACERS)
      assert.equal(new Set(listed).size, RACERS)
    },
  },
  {
    name: 'over the limit the newcomer is admitted, and the oldest are named but stay listed',
    async check(bench) {
      const limit = { most: 2, refuse: false }
      for (const key of ['a', 'b']) assert.deepEqual(await admit(bench, key, limit), ADMITTED)
      assert.deepEqual(await admit(bench, 'c', limit), { admitted: true, over: ['a'] })
      assert.deepEqual(await admit(bench, 'd', limit), { admitted: true, over: ['a', 'b'] })
      assert.deepEqual(await admit(bench, 'd', limit), { admitted: true, over: ['a', 'b'] })
      assert.deepEqual(await bench.store.list('mona'), ['a', 'b', 'c', 'd'])
      await bench.store.forget('mona', ['a', 'b'])
      assert.deepEqual(await admit(bench, 'd', limit), ADMITTED)
    },
  },
  {
    name: 'the key that is admitted is never named as over the limit',
    async check(bench) {
      const limit = { most: 1, refuse: false }
      await admitAll(bench, 'mona', ['a', 'b', 'c'])
      const again = await admit(bench, 'a', limit)
      assert.ok(again.admitted && !again.over.includes('a'))
      assert.deepEqual(await admit(bench, 'x', limit), { admitted: true, over: ['a', 'b', 'c'] })
    },
  },
  {
    name: 'where the limit refuses, a newcomer to a full list is refused, and nothing changes',
    async check(bench) {
      const limit = { most: 2, refuse: true }
      for (const key of ['a', 'b']) assert.deepEqual(await admit(bench, key, limit), ADMITTED)
      assert.deepEqual(await admit(bench, 'c', limit), FULL)
      assert.deepEqual(await admit(bench, 'a', limit), ADMITTED, 'a key that is there is in')
      assert.deepEqual(await bench.store.list('mona'), ['a', 'b'])
      await bench.store.forget('mona', ['a'])
      assert.deepEqual(await admit(bench, 'c', limit), ADMITTED)
      assert.deepEqual(await bench.store.list('mona'), ['b', 'c'])
    },
  },
  {
    name: 'of many logins at once a limit that refuses lets in exactly as many as it says',
    async check(bench) {
      const limit = { most: 5, refuse: true }
      const admissions = await atOnce(RACERS, (n) => admit(bench, `k${n}`, limit))
      assert.equal(admissions.filter(({ admitted }) => admitted).length, 5)
      for (const admission of admissions) {
        assert.deepEqual(admission, admission.admitted ? ADMITTED : FULL)
      }
      assert.equal((await bench.store.list('mona')).length, 5)
    },
  },
  {
    name: 'of many logins at once a limit that evicts names all but as many as it says',
    async check(bench) {
      const limit = { most: 5, refuse: false }
      const admissions = await atOnce(RACERS, (n) => admitOnce(bench, `k${n}`, limit))
      // Who is admitted once more does not name itself, and so one that came later.
      const first = admissions.filter(({ isResent }) => !isResent)
      const over = new Set(first.flatMap(({ answer }) => (answer.admitted ? answer.over : [])))
      const oldest = (await bench.store.list('mona')).slice(0, RACERS - 5)
      assert.deepEqual(
        [...over].filter((key) => !oldest.includes(key)),
        [],
      )
      if (first.length === RACERS) assert.equal(over.size, oldest.length)
    },
  },
  {
    name: 'a login that was called before the last revocation, or with it, is refused',
    async check(bench) {
      const { store, clock } = bench
      const now = clock()
      await admitAll(bench, 'mona', ['a'])
      assert.deepEqual(await store.list('mona', now), ['a'])
      for (const calledAt of [0, now - MINUTE, now - 1, now]) {
        assert.deepEqual(await store.admit('mona', 'b', calledAt, now + MINUTE), REVOKED)
        assert.deepEqual(await store.admit('mona', 'a', calledAt, now + MINUTE), REVOKED)
      }
      assert.deepEqual(await store.list('mona'), ['a'], 'a refusal changes nothing')
      assert.deepEqual(await store.admit('other', 'b', now, now + MINUTE), ADMITTED)
      assert.deepEqual(await store.admit('mona', 'c', now + 1, now + MINUTE), ADMITTED)
      assert.deepEqual(await store.list('mona'), ['a', 'c'])
    },
  },
  {
    name: 'the latest revocation counts, and neither an earlier one nor a plain list undoes it',
    async check({ store, clock }) {
      const now = clock()
      for (const revoking of [now - 5, now, now - 9]) await store.list('mona', revoking)
      await store.list('mona')
      await store.forget('mona', ['a'])
      await store.keep('mona', now + MINUTE)
      assert.deepEqual(await store.admit('mona', 'a', now, now + MINUTE), REVOKED)
      assert.deepEqual(await store.admit('mona', 'a', now + 1, now + MINUTE), ADMITTED)
      assert.deepEqual(await store.admit('mona', 'b', now, now + MINUTE), REVOKED)
    },
  },
  {
    name: 'a revocation of an owner without a list is noted all the same',
    async check({ store, clock }) {
      assert.deepEqual(await store.list('mona', clock()), [])
      assert.deepEqual(await store.admit('mona', 'a', clock(), clock() + MINUTE), REVOKED)
      assert.deepEqual(await store.list('mona'), [])
    },
  },
  {
    name: 'of logins and a revocation at once each is either listed by it or refused',
    async check({ store, clock }) {
      const now = clock()
      const revoked: Promise<string[]>[] = []
      const admissions = await atOnce(RACERS, (n) => {
        if (n === RACERS / 2) revoked.push(surely(() => store.list('mona', now)))
        return settled(() => store.admit('mona', `k${n}`, now, now + MINUTE))
      })
      const listed = new Set((await Promise.all(revoked)).flat())
      for (const [n, { answer, isResent }] of admissions.entries()) {
        // One that was admitted, and sent again after the revocation, is refused and listed.
        const isEither = answer.admitted || !isResent
        if (isEither) assert.equal(answer.admitted, listed.has(`k${n}`), `the login k${n}`)
        if (!answer.admitted) assert.deepEqual(answer, REVOKED)
      }
    },
  },
  {
    name: 'forgotten keys leave the list, and one that is admitted again joins at the end',
    async check(bench) {
      await admitAll(bench, 'mona', ['a', 'b', 'c', 'd'])
      await bench.store.forget('mona', ['b', 'unknown', 'd', 'b'])
      assert.deepEqual(await bench.store.list('mona'), ['a', 'c'])
      await admitAll(bench, 'mona', ['b'])
      await bench.store.forget('mona', [])
      assert.deepEqual(await bench.store.list('mona'), ['a', 'c', 'b'])
    },
  },
  {
    name: 'a list of a thousand keys is kept, and forgotten at once',
    async check(bench) {
      const keys = Array.from({ length: 1000 }, (_, n) => `key-${n}`)
      await atOnce(1000, (n) => admit(bench, keys[n]!))
      const listed = await bench.store.list('mona')
      assert.deepEqual([...listed].sort(), [...keys].sort())
      await bench.store.forget('mona', listed.slice(1))
      assert.deepEqual(await bench.store.list('mona'), listed.slice(0, 1))
    },
  },
]

async function admit(bench: Bench, key: string, limit?: Limit): Promise<Admission> {
  return (await admitOnce(bench, key, limit)).answer
}

function admitOnce({ store, clock }: Bench, key: string, limit?: Limit) {
  return settled(() => store.admit('mona', key, clock(), clock() + 60 * MINUTE, limit))
}

async function admitAll({ store, clock }: Bench, owner: string, keys: string[]): Promise<void> {
  for (const key of keys) {
    const admission = await store.admit(owner, key, clock(), clock() + 60 * MINUTE)
    assert.deepEqual(admission, ADMITTED)
  }
}
