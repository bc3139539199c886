import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../../src/stores/memory/memory.ts'
import type { StoreVerbs } from '../../../src/backends/stored/store.ts'
import { bench, count, REGENERATE, set, settled, valueIn } from './bench.ts'

/** A store whose swaps wait until they are let through. */
function held() {
  const swaps: (() => void)[] = []
  const wrap = (store: StoreVerbs): StoreVerbs => ({
    ...store,
    swap: (...args) =>
      new Promise((resolve, reject) => {
        swaps.push(() => void store.swap(...args).then(resolve, reject))
      }),
  })
  return { swaps, wrap }
}

describe('commits of one session in one process', () => {
  it('wait for the swap under way, and then go in one', async () => {
    const { swaps, wrap } = held()
    const { visit } = bench({ wrap })
    const { cookie } = await visit(undefined, set('a', 1))
    const visits = Array.from({ length: 50 }, () => visit(cookie, count('n')))
    await settled()
    expect(swaps).toHaveLength(1)
    swaps.shift()!()
    await settled()
    expect(swaps).toHaveLength(1)
    swaps.shift()!()
    await Promise.all(visits)
    expect(swaps).toHaveLength(0)
    expect(valueIn((await visit(cookie)).record, 'n')).toBe(50)
  })

  it('are not told before the swap that carries them has won', async () => {
    const { swaps, wrap } = held()
    const { visit } = bench({ wrap })
    const { cookie } = await visit(undefined, set('a', 1))
    let told = 0
    const visits = [count('n'), count('n'), REGENERATE].map((change) =>
      visit(cookie, change).then(() => (told += 1)),
    )
    await settled()
    expect(told).toBe(0)
    for (let turn = 0; turn < 9; turn += 1) {
      swaps.shift()?.()
      await settled()
    }
    await Promise.all(visits)
  })

  it('go 128 at a time, and not more than 256 KB', async () => {
    const { swaps, wrap } = held()
    const { visit } = bench({ wrap })
    const { cookie } = await visit(undefined, set('a', 1))
    const many = Array.from({ length: 300 }, () => visit(cookie, count('n')))
    await settled()
    let rounds = 0
    for (; swaps.length > 0; rounds += 1) {
      swaps.shift()!()
      await settled()
    }
    await Promise.all(many)
    // The first alone, then 128, 128 and the rest.
    expect(rounds).toBe(4)
    const large = Array.from({ length: 6 }, (_, at) =>
      visit(cookie, set(`k${at}`, 'x'.repeat(100_000))),
    )
    await settled()
    for (rounds = 0; swaps.length > 0; rounds += 1) {
      swaps.shift()!()
      await settled()
    }
    await Promise.all(large)
    expect(rounds).toBe(4)
  })

  it('are sent by a request whose work is among them: a platform may stop all others', async () => {
    const current = new AsyncLocalStorage<string>()
    const { swaps, wrap } = held()
    const sent: { by: string | undefined; body: string }[] = []
    const { visit } = bench({
      wrap(store) {
        const waits = wrap(store)
        return {
          ...waits,
          swap(key, ifWrite, row) {
            sent.push({ by: current.getStore(), body: row.body })
            return waits.swap(key, ifWrite, row)
          },
        }
      },
    })
    const { cookie } = await visit(undefined, set('a', 1))
    // Each writes its name and as much that no three of them fit into one swap.
    const visits = Array.from({ length: 9 }, (_, at) =>
      current.run(`request ${at}`, () =>
        visit(cookie, set(`request ${at}`, 'x'.repeat(at % 3 === 0 ? 100_000 : 90_000))),
      ),
    )
    await settled()
    while (swaps.length > 0) {
      swaps.shift()!()
      await settled()
    }
    await Promise.all(visits)
    expect(sent.length).toBeGreaterThan(4)
    let before = ''
    for (const { by, body } of sent) {
      expect(body).toContain(`"${by}"`)
      expect(before).not.toContain(`"${by}"`)
      before = body
    }
  })

  it('are turned away beyond 1024, and nothing of them is kept', async () => {
    const { swaps, wrap } = held()
    const { visit, backend, clock } = bench({ wrap })
    const { cookie } = await visit(undefined, set('a', 1))
    const opened = await backend.open([cookie!], clock())
    const request = { opened, changes: [count('n')], next: opened.record!, now: clock() }
    const commits = Array.from({ length: 1100 }, async () => backend.commit(request))
    const outcomes = Promise.allSettled(commits)
    await settled()
    while (swaps.length > 0) {
      swaps.shift()!()
      await settled()
    }
    const kept = (await outcomes).filter(({ status }) => status === 'fulfilled').length
    expect(kept).toBe(1025)
    expect(valueIn((await visit(cookie)).record, 'n')).toBe(1025)
  })
})

describe('a request that waits behind a swap which was lost at first', () => {
  /** Two requests that opened the session before `between`; answers how many are settled at once. */
  async function settledAtOnce(between: 'here' | 'elsewhere') {
    const here = bench()
    const elsewhere = bench({}, here.store)
    const { cookie } = await here.visit(undefined, set('a', 1))
    const opened = await here.backend.open([cookie!], here.clock())
    await (between === 'here' ? here : elsewhere).visit(cookie, count('n'))
    const outcomes: unknown[] = []
    const commits = ['b', 'c'].map(async (key) => {
      const next = opened.record!
      const now = here.clock()
      outcomes.push(await here.backend.commit({ opened, changes: [set(key, 1)], next, now }))
    })
    await settled()
    const atOnce = outcomes.length
    await here.timers.pass(10)
    await Promise.all(commits)
    const { record } = await here.visit(cookie)
    expect([...record!.data.keys()]).toEqual(['a', 'n', 'b', 'c'])
    return atOnce
  }

  it('goes on at once where it was lost to an earlier request of this process', async () => {
    expect(await settledAtOnce('here')).toBe(2)
  })

  it('lets another process go first where it was lost to that', async () => {
    expect(await settledAtOnce('elsewhere')).toBe(1)
  })
})

describe('a commit whose deadline passes', () => {
  it('while it waits is a conflict, and nothing of it is kept', async () => {
    const { swaps, wrap } = held()
    const { visit, timers } = bench({ wrap })
    const { cookie } = await visit(undefined, set('a', 1))
    const first = visit(cookie, count('n'))
    await settled()
    const second = visit(cookie, count('n'))
    const outcomes = Promise.allSettled([first, second])
    await timers.pass(1_000)
    // The first was sent: nobody knows. The second was not.
    expect(await outcomes).toMatchObject([
      { reason: { code: 'ERR_STORE_UNAVAILABLE' } },
      { reason: { code: 'ERR_SESSION_CONFLICT' } },
    ])
    for (const swap of swaps.splice(0)) swap()
    await settled()
    expect(valueIn((await visit(cookie)).record, 'n')).toBe(1)
  })

  it('while others always win is a conflict, after many tries', async () => {
    let swaps = 0
    const { visit, timers } = bench({
      wrap: (store) => ({
        ...store,
        async swap(key, _ifWrite, row) {
          swaps += 1
          const lost = await store.swap(key, 'never', row)
          const newest = lost.won ? null : lost.newest
          return { won: false, newest: newest && { ...newest, write: `other.${swaps}` } }
        },
      }),
    })
    const { cookie } = await visit(undefined, set('a', 1))
    const outcome = Promise.allSettled([visit(cookie, count('n'))])
    await timers.pass(1_000)
    expect(await outcome).toMatchObject([{ reason: { code: 'ERR_SESSION_CONFLICT', status: 503 } }])
    expect(swaps).toBeGreaterThan(100)
    expect(valueIn((await visit(cookie)).record, 'n')).toBeUndefined()
  })
})

it('keeps what another request put into the same swap when the first commits again', async () => {
  const { visit, backend, clock } = bench()
  const { cookie } = await visit(undefined, set('a', 1))
  const opened = await backend.open([cookie!], clock())
  const commit = (from: typeof opened, key: string) =>
    backend.commit({
      opened: from,
      changes: [set(key, 1)],
      next: from.record!,
      now: clock(),
    })
  const [first] = await Promise.all([commit(opened, 'b'), commit(opened, 'c'), commit(opened, 'd')])
  await commit(first!.opened, 'e')
  const { record } = await visit(cookie)
  expect([...record!.data.keys()]).toEqual(['a', 'b', 'c', 'd', 'e'])
})

it('goes on with the next request where a group stands still for ever', async () => {
  let isStuck = false
  const { visit, timers } = bench({
    wrap: (store) => ({
      ...store,
      // As where a platform drops what a request was doing once it has answered.
      swap: (...args) => (isStuck ? new Promise(() => {}) : store.swap(...args)),
    }),
  })
  const { cookie } = await visit(undefined, set('a', 1))
  isStuck = true
  const outcome = Promise.allSettled([visit(cookie, count('n')), visit(cookie, count('n'))])
  await timers.pass(1_000)
  expect((await outcome).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  isStuck = false
  expect(valueIn((await visit(cookie, count('n'))).record, 'n')).toBe(1)
})

it('needs no randomness before the first request, which some platforms refuse', () => {
  const store = memoryStore()
  const random = () => {
    throw new Error('not at start-up')
  }
  expect(() => bench({ random }, store)).not.toThrow()
})

it('settles an unknown outcome by the same swap: a lost reply counts once', async () => {
  const sent: string[] = []
  const { visit, timers } = bench({
    wrap: (store) => ({
      ...store,
      async swap(key, ifWrite, row) {
        sent.push(row.write)
        const swap = await store.swap(key, ifWrite, row)
        if (sent.length % 2 === 1) throw new Error('the reply is lost')
        return swap
      },
    }),
  })
  const { cookie } = await visit(undefined, set('a', 1))
  for (let n = 1; n <= 5; n += 1) {
    const counting = visit(cookie, count('n'))
    await timers.pass(60)
    expect(valueIn((await counting).record, 'n')).toBe(n)
  }
  expect(new Set(sent).size).toBe(5)
})

it('remembers the last write of 32 other writers, and one of each', async () => {
  const first = bench()
  const { cookie } = await first.visit(undefined, set('a', 1))
  for (let writer = 0; writer < 40; writer += 1) {
    const other = bench({}, first.store)
    await other.visit(cookie, count('n'))
    await other.visit(cookie, count('n'))
  }
  const row = await first.store.read(cookie!.slice(0, 22))
  expect(row!.recent).toHaveLength(32)
  const writers = [row!.write, ...row!.recent].map((write) => write.split('.')[0])
  expect(new Set(writers).size).toBe(33)
})

it('asks the store again before it says that a session is gone, where it only knows an old row', async () => {
  const { swaps, wrap } = held()
  const slow = bench({ wrap })
  const fast = bench({}, slow.store)
  const { cookie } = await fast.visit(undefined, set('a', 1))
  const begun = slow.visit(cookie, count('n'))
  await settled()
  // Elsewhere somebody signs in under this session; here a commit of before is under way.
  const change = { do: 'login', userId: 'ada', at: 1, calledAt: 1000 } as const
  const signedIn = await fast.visit(cookie, change)
  const outcomes = Promise.allSettled([begun, slow.visit(signedIn.cookie, count('m'))])
  for (let turn = 0; turn < 6; turn += 1) {
    await slow.timers.pass(5)
    swaps.shift()?.()
  }
  const [before, after] = await outcomes
  expect(before).toMatchObject({ reason: { code: 'ERR_SESSION_GONE' } })
  expect(after.status === 'fulfilled' && valueIn(after.value.record, 'm')).toBe(1)
})
