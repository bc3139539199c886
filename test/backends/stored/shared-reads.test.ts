import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { guardedStore } from '../../../src/backends/stored/deadlines.ts'
import type { FoundRow, StoreVerbs } from '../../../src/backends/stored/store.ts'
import type { SessionError } from '../../../src/base/errors.ts'
import { systemRandom } from '../../../src/base/ports.ts'
import { memoryStore } from '../../../src/stores/memory/memory.ts'
import { fakeClock } from '../../../src/testing/time/clock.ts'
import { heldTimers, settled } from './bench.ts'

/** A row that says which key it belongs to; none for a key in capitals. */
const rowOf = (key: string): FoundRow | null =>
  key === key.toUpperCase()
    ? null
    : {
        write: 'w.1',
        recent: [],
        expiresAt: Date.UTC(2100, 0, 1),
        owner: null,
        body: key,
        epoch: 0,
        isListed: true,
      }

interface Call {
  keys: string[]
  answer(): void
  answerWith(rows: unknown): void
  fail(error: unknown): void
}

/** A store with one connection whose calls a test answers, and the calls that it got. */
function held({ concurrency = 1, verbs = {} as Partial<StoreVerbs> } = {}) {
  const clock = fakeClock()
  const timers = heldTimers(clock)
  const calls: Call[] = []
  const call = <Answer>(keys: readonly string[], rows: Answer) =>
    new Promise<Answer>((resolve, reject) => {
      const answerWith = resolve as (rows: unknown) => void
      calls.push({ keys: [...keys], answer: () => resolve(rows), answerWith, fail: reject })
    })
  const store = guardedStore(
    {
      ...memoryStore({ clock }),
      read: (key) => call([key], rowOf(key)),
      readMany: (keys) => call(keys, keys.map(rowOf)),
      ...verbs,
    },
    {
      timer: timers.timer,
      clock,
      random: systemRandom,
      deadlines: { read: 250, write: 500, commit: 1000, queue: 5000 },
      concurrency,
    },
  )
  const outcomes: Record<string, unknown> = {}
  const read = (...keys: string[]) => {
    for (const key of keys) {
      store.read(key).then(
        (row) => (outcomes[key] = row?.body ?? null),
        (error: SessionError) => (outcomes[key] = error.code),
      )
    }
  }
  return { store, timers, calls, outcomes, read }
}

const UNAVAILABLE = 'ERR_STORE_UNAVAILABLE'

describe('reads that wait for a connection', () => {
  it('go together when one is free, and each gets its own row', async () => {
    const { store, calls, outcomes, read } = held()
    read('a', 'b', 'NONE', 'c')
    await settled()
    expect(calls.map(({ keys }) => keys)).toEqual([['a']])
    expect(store.load()).toEqual({ inFlight: 1, waiting: 3, refused: 0 })
    calls[0]!.answer()
    await settled()
    expect(calls[1]!.keys).toEqual(['b', 'NONE', 'c'])
    expect(store.load()).toEqual({ inFlight: 1, waiting: 0, refused: 0 })
    calls[1]!.answer()
    await settled()
    expect(outcomes).toEqual({ a: 'a', b: 'b', NONE: null, c: 'c' })
    expect(store.load().inFlight).toBe(0)
  })

  it('are sent one by one while there is room', async () => {
    const { calls, read } = held({ concurrency: 3 })
    read('a', 'b', 'c')
    await settled()
    expect(calls.map(({ keys }) => keys)).toEqual([['a'], ['b'], ['c']])
  })

  it('are sent one by one where the store reads no more at once', async () => {
    const { calls, outcomes, read } = held({ verbs: { readMany: undefined as never } })
    read('a', 'b')
    for (const at of [0, 1]) {
      await settled()
      calls[at]!.answer()
    }
    await settled()
    expect(calls.map(({ keys }) => keys)).toEqual([['a'], ['b']])
    expect(outcomes).toEqual({ a: 'a', b: 'b' })
  })

  it('of one session get a row each', async () => {
    const { store, calls } = held()
    const rows = ['first', 'a', 'a'].map((key) => store.read(key))
    await settled()
    calls[0]!.answer()
    await settled()
    expect(calls[1]!.keys).toEqual(['a', 'a'])
    calls[1]!.answer()
    expect((await Promise.all(rows)).map((row) => row?.body)).toEqual(['first', 'a', 'a'])
  })

  it('are at most 64 in a call', async () => {
    const { calls, read } = held()
    read('first', ...Array.from({ length: 70 }, (_, at) => `key ${at}`))
    await settled()
    for (const at of [0, 1]) {
      calls[at]!.answer()
      await settled()
    }
    expect(calls.map(({ keys }) => keys.length)).toEqual([1, 64, 6])
  })

  it('do not change the order of the writes that wait', async () => {
    const sent: string[] = []
    const remove = (key: string) => {
      sent.push(key)
      return Promise.resolve(true)
    }
    const { store, calls, read } = held({ verbs: { remove } })
    read('a')
    for (const key of ['one', 'two']) void store.remove(key)
    read('b', 'c')
    await settled()
    calls[0]!.answer()
    await settled()
    expect(sent).toEqual(['one', 'two'])
    expect(calls[1]!.keys).toEqual(['b', 'c'])
  })
})

describe('a shared call that fails', () => {
  async function shared(...keys: string[]) {
    const all = held()
    all.read('first', ...keys)
    await settled()
    all.calls[0]!.answer()
    await settled()
    return all
  }

  it('is followed by a read of each row, so that one row fails only itself', async () => {
    const { calls, outcomes, timers } = await shared('a', 'b', 'c')
    calls[1]!.fail(new Error('a row is damaged'))
    await settled()
    // The first one alone, the others together again: `b` is the damaged one.
    for (let at = 2; at < 12 && calls[at]; at += 1) {
      const call = calls[at]!
      if (call.keys.includes('b')) call.fail(new Error('a row is damaged'))
      else call.answer()
      await timers.pass(30)
    }
    expect(outcomes).toEqual({ first: 'first', a: 'a', b: UNAVAILABLE, c: 'c' })
  })

  it('past its deadline fails all of them, and nothing is read again', async () => {
    const { calls, outcomes, read, timers } = held({ concurrency: 2 })
    read('one', 'two', 'a', 'b')
    await settled()
    calls[0]!.answer()
    await settled()
    expect(calls[2]!.keys).toEqual(['a', 'b'])
    // So that there is room for another call.
    calls[1]!.answer()
    await timers.pass(250)
    expect(outcomes).toMatchObject({ a: UNAVAILABLE, b: UNAVAILABLE })
    calls[2]!.fail(new Error('late'))
    await timers.pass(1_000)
    expect(calls).toHaveLength(3)
  })

  it.each<[string, unknown]>([
    ['too few rows', []],
    ['nothing', undefined],
    ['null', null],
  ])('because the store returns %s never says that there is no session', async (_, rows) => {
    const { calls, outcomes } = await shared('a', 'b')
    calls[1]!.answerWith(rows)
    for (let at = 2; at < 6; at += 1) {
      await settled()
      calls[at]?.answer()
    }
    await settled()
    expect(outcomes).toEqual({ first: 'first', a: 'a', b: 'b' })
  })
})

describe('reads whose turn does not come', () => {
  it('are refused together after the time that a call may wait, and the next one is sent', async () => {
    const { calls, outcomes, read, store, timers } = held({
      verbs: { prune: () => new Promise<never>(() => {}) },
    })
    // Upkeep has a longer deadline: the store is not silent.
    void store.prune(1).catch(() => {})
    read('a', 'b')
    await timers.pass(4_999)
    expect(outcomes).toEqual({})
    await timers.pass(1)
    expect(outcomes).toEqual({ a: UNAVAILABLE, b: UNAVAILABLE })
    expect(store.load().waiting).toBe(0)
    await timers.pass(60_000)
    read('c')
    await settled()
    expect(calls.map(({ keys }) => keys)).toEqual([['c']])
  })

  it('are refused beyond 4096, those that share a call included', async () => {
    const { outcomes, read, store } = held()
    read('first', ...Array.from({ length: 4096 }, (_, at) => `key ${at}`))
    await settled()
    expect([store.load().waiting, outcomes]).toEqual([4096, {}])
    read('one more')
    await settled()
    expect(outcomes).toEqual({ 'one more': UNAVAILABLE })
    expect(store.load()).toEqual({ inFlight: 1, waiting: 4096, refused: 1 })
  })
})

it('every read gets its own row or an error, however calls come, end and fail', async () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({
        do: fc.constant('read' as const),
        key: fc.constantFrom('a', 'b', 'C', 'd', 'E'),
      }),
      fc.record({ do: fc.constant('end' as const), at: fc.nat(5), fails: fc.boolean() }),
      fc.constant({ do: 'turn' as const }),
    ),
    { maxLength: 40 },
  )
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 3 }), async (script, concurrency) => {
      const { store, calls, timers } = held({ concurrency })
      const reads: { key: string; outcome?: unknown }[] = []
      let ended = 0
      const end = (at: number, fails: boolean) => {
        const open = calls.slice(ended)
        const call = open[at % Math.max(open.length, 1)]
        if (!call) return
        calls.splice(calls.indexOf(call), 1)
        calls.splice(ended++, 0, call)
        if (fails) call.fail(new Error('no'))
        else call.answer()
      }
      for (const step of script) {
        if (step.do === 'turn') await timers.pass(20)
        else if (step.do === 'end') end(step.at, step.fails)
        else {
          const read: (typeof reads)[number] = { key: step.key }
          reads.push(read)
          store.read(step.key).then(
            (row) => (read.outcome = row === null ? null : row.body),
            (error: SessionError) => (read.outcome = error.code),
          )
        }
      }
      for (let turn = 0; turn < 200 && store.load().inFlight > 0; turn += 1) {
        while (ended < calls.length) end(0, false)
        await timers.pass(25)
      }
      expect(store.load()).toMatchObject({ inFlight: 0, waiting: 0 })
      for (const { key, outcome } of reads) {
        expect([rowOf(key)?.body ?? null, UNAVAILABLE]).toContain(outcome)
      }
    }),
    { numRuns: 60 },
  )
})
