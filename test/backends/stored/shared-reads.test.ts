import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { guardedStore } from '../../../src/backends/stored/deadlines.ts'
import type { FoundRow, StoreVerbs } from '../../../src/backends/stored/store.ts'
import { SessionError } from '../../../src/base/errors.ts'
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
  verb: 'read' | 'readMany'
  keys: string[]
  answer(): void
  answerWith(rows: unknown): void
  fail(error: unknown): void
}

/** A store with one connection whose calls a test answers, and the calls that it got. */
function held({ concurrency = 1, verbs = {} as Partial<StoreVerbs>, shares = true } = {}) {
  const clock = fakeClock()
  const timers = heldTimers(clock)
  const calls: Call[] = []
  const call = <Answer>(verb: Call['verb'], keys: readonly string[], rows: Answer) =>
    new Promise<Answer>((resolve, reject) => {
      const answerWith = resolve as (rows: unknown) => void
      calls.push({ verb, keys: [...keys], answer: () => resolve(rows), answerWith, fail: reject })
    })
  const read = (key: string) => call('read', [key], rowOf(key))
  const store = guardedStore(
    {
      ...memoryStore({ clock }),
      read,
      ...(shares && { sharedRead: read }),
      readMany: (keys) => call('readMany', keys, keys.map(rowOf)),
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
  const readAll = (...keys: string[]) => {
    for (const key of keys) {
      store.read(key).then(
        (row) => (outcomes[key] = row?.body ?? null),
        (error: SessionError) => (outcomes[key] = error.code),
      )
    }
  }
  return { store, clock, timers, calls, outcomes, read: readAll }
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
    // Only a read of its own says that a session does not exist.
    expect(calls[2]!).toMatchObject({ verb: 'read', keys: ['NONE'] })
    expect(outcomes).toEqual({ a: 'a', b: 'b', c: 'c' })
    calls[2]!.answer()
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

  it.each<[string, Parameters<typeof held>[0]]>([
    ['the store does not share its reads', { shares: false }],
    ['the store cannot read several rows', { verbs: { readMany: undefined as never } }],
  ])('are sent one by one where %s', async (_, options) => {
    const { calls, outcomes, read } = held(options)
    read('a', 'b', 'c')
    for (const at of [0, 1, 2]) {
      await settled()
      calls[at]!.answer()
    }
    await settled()
    expect(calls.map(({ keys }) => keys)).toEqual([['a'], ['b'], ['c']])
    expect(outcomes).toEqual({ a: 'a', b: 'b', c: 'c' })
  })

  it('are sent one by one through a copy of the store that has another read', async () => {
    const copy = { read: (key: string) => Promise.resolve(rowOf(`${key} of the copy`)) }
    const { calls, outcomes, read } = held({ verbs: copy })
    read('a', 'b', 'c')
    await settled()
    expect(outcomes).toEqual({ a: 'a of the copy', b: 'b of the copy', c: 'c of the copy' })
    expect(calls).toEqual([])
  })

  it('a single one among them is an ordinary read, with its retry', async () => {
    const { calls, outcomes, read, timers } = held()
    read('a', 'b')
    await settled()
    calls[0]!.answer()
    await settled()
    expect(calls[1]).toMatchObject({ verb: 'read', keys: ['b'] })
    calls[1]!.fail(new Error('a connection was lost'))
    await timers.pass(20)
    calls[2]!.answer()
    await settled()
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

  it('are at most 16 in a call', async () => {
    const { calls, read } = held()
    read('first', ...Array.from({ length: 20 }, (_, at) => `key ${at}`))
    await settled()
    for (const at of [0, 1]) {
      calls[at]!.answer()
      await settled()
    }
    expect(calls.map(({ keys }) => keys.length)).toEqual([1, 16, 4])
  })

  it('join the newest of two groups, also after the older one was sent', async () => {
    const { calls, read } = held()
    read('first', ...Array.from({ length: 20 }, (_, at) => `key ${at}`))
    await settled()
    calls[0]!.answer()
    await settled()
    read('one more')
    calls[1]!.answer()
    await settled()
    expect(calls.map(({ keys }) => keys.length)).toEqual([1, 16, 5])
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

  it('is followed by a read of each row, one after another in its place, so that one fails only itself', async () => {
    const { calls, outcomes, read, store, timers } = await shared('a', 'b', 'c')
    read('later')
    calls[1]!.fail(new Error('a row is damaged'))
    await timers.pass(20)
    for (const key of ['a', 'b', 'c']) {
      const call = calls.at(-1)!
      expect(call).toMatchObject({ verb: 'read', keys: [key] })
      expect(store.load().inFlight).toBe(1)
      if (key === 'b') call.fail(new Error('a row is damaged'))
      else call.answer()
      await settled()
    }
    expect(outcomes).toEqual({ first: 'first', a: 'a', b: UNAVAILABLE, c: 'c' })
    expect(calls.at(-1)!.keys).toEqual(['later'])
  })

  it('because of the tables fails all of them at once, with that error', async () => {
    const { calls, outcomes } = await shared('a', 'b')
    calls[1]!.fail(new SessionError('ERR_STORE_SCHEMA', 'PostgreSQL', 'are missing'))
    await settled()
    expect(outcomes).toMatchObject({ a: 'ERR_STORE_SCHEMA', b: 'ERR_STORE_SCHEMA' })
    expect(calls).toHaveLength(2)
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

  it('fails all of them if the rows that are read by themselves take longer than the deadline', async () => {
    const { calls, outcomes, timers } = await shared('a', 'b')
    calls[1]!.fail(new Error('a row is damaged'))
    await timers.pass(250)
    expect(outcomes).toMatchObject({ a: UNAVAILABLE, b: UNAVAILABLE })
    calls[2]!.answer()
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
    expect(store.load()).toEqual({ inFlight: 1, waiting: 0, refused: 2 })
    await timers.pass(60_000)
    read('c')
    await settled()
    expect(calls.map(({ keys }) => keys)).toEqual([['c']])
  })

  it('join only those that have just begun to wait, so that each waits for nearly the whole time', async () => {
    const { outcomes, read, store, timers } = held({
      verbs: { prune: () => new Promise<never>(() => {}) },
    })
    void store.prune(1).catch(() => {})
    read('a')
    await timers.pass(900)
    read('b')
    await timers.pass(200)
    read('c')
    await timers.pass(3_900)
    expect(outcomes).toEqual({ a: UNAVAILABLE, b: UNAVAILABLE })
    await timers.pass(1_100)
    expect(outcomes).toEqual({ a: UNAVAILABLE, b: UNAVAILABLE, c: UNAVAILABLE })
  })

  it('are refused at once if the store is silent, though others wait still', async () => {
    const { calls, outcomes, read, store, timers } = held({
      concurrency: 2,
      verbs: { prune: () => new Promise<never>(() => {}) },
    })
    read('one')
    await timers.pass(200)
    read('two')
    void store.prune(1).catch(() => {})
    read('a')
    await timers.pass(100)
    // The prune is sent, which says nothing about whether the store is silent.
    calls[1]!.answer()
    await settled()
    read('b')
    await settled()
    expect(outcomes).toEqual({ one: UNAVAILABLE, two: 'two', b: UNAVAILABLE })
  })

  it('are refused beyond 4096, those that share a call included', async () => {
    const { outcomes, read, store } = held()
    read('first')
    // So that the last group is not full, and the next read would join it.
    void store.remove('key').catch(() => {})
    read(...Array.from({ length: 4095 }, (_, at) => `key ${at}`))
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
