/** What verifies and still is hostile: zlib bombs, depth, and texts that grow when they are read. */

import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { heapAfterCollection } from '../stores/memory/heap.ts'
import { type Carrier, CARRIERS, DEFLATED } from './bomb-carriers.ts'
import { expectQuick } from '../processor-time.ts'

const MEBIBYTE = 1024 * 1024
const DEPTHS = [32, 33, 60, 61, 62, 63, 64, 65, 5000, 1_000_000]
const nested = (open: string, depth: number, close: string, core = '') =>
  open.repeat(depth) + core + close.repeat(depth)

/** What opening comes to: anonymous with the one event that says so, or the session's keys. */
async function outcome(carrier: Carrier, header: string, app = carrier.app()) {
  app.events.length = 0
  const session = await app.sessions.open(header)
  if (!session.isNew) return { opened: [...session], events: app.events }
  expect([session.size, session.userId, session.flashes()]).toEqual([0, undefined, []])
  expect(app.events).toEqual([{ type: 'rejected', reason: expect.any(String) }])
  const [event] = app.events
  return event?.type === 'rejected' ? event.reason : undefined
}

const REFUSALS = ['payload', 'corrupt', 'malformed']

describe.each(CARRIERS)('$name, with the right key', (carrier) => {
  const { levelsAround, record } = carrier

  async function open(text: string) {
    const app = carrier.app()
    return outcome(carrier, await carrier.carry(app, text), app)
  }

  test('opens up to 64 levels of nesting in all, and is anonymous beyond them', async () => {
    for (const most of DEPTHS) {
      for (const [before, after] of [
        ['[', ']'],
        ['{"a":', '}'],
        ['[{"a":', '}]'],
      ] as const) {
        const depth = before === '[' ? most : Math.min(most, 100_000)
        const levels = depth * after.length
        const text = record(nested(before, depth, after, before === '[' ? '' : '1'))
        const result = await open(text)
        const what = `${depth} levels of ${before}`
        if (levels + levelsAround <= 64) expect(result, what).toMatchObject({ events: [] })
        else expect(REFUSALS, what).toContain(result)
      }
    }
  })

  test('what is unbalanced, unfinished or beside JSON is anonymous, however deep', async () => {
    for (const depth of [1, 64, 30_000]) {
      const texts = [
        '['.repeat(depth),
        '{"a":'.repeat(depth),
        `${'['.repeat(depth)}}`,
        ']'.repeat(depth),
      ]
      for (const text of texts) {
        expect(REFUSALS).toContain(await open(record(text)))
        expect(REFUSALS).toContain(await open(text))
      }
    }
  })

  test.each([
    ['a number of 45 000 digits', '9'.repeat(45_000)],
    ['a key without end', `{"${'a'.repeat(45_000)}`],
    ['a tuple of nothing readable', '{" t":1}'],
    ['a UUID of braces', `{" u":"x${'{'.repeat(45_000)}x"}`],
    ['a UUID of blanks', `{" u":"${' '.repeat(45_000)}x"}`],
    ['an unknown escape', '{" di":{}}'],
    ['Markup of Markup of backslashes', nested('{" m":[', 30, ']}', '"\\\\\\\\\\\\\\\\"')],
    ['Markup of tuples of Markup', nested('{" m":{" t":', 20, '}}', '"\\\\\\\\"')],
    [
      'many of those',
      `[${Array(400)
        .fill(nested('{" m":[', 12, ']}', '"\\\\"'))
        .join()},{" m":[]}]`,
    ],
    ['text that is no text', '"\\ud800\\x"'],
  ])('%s is anonymous, at once', async (_, text) => {
    const app = carrier.app()
    const header = await carrier.carry(app, record(text))
    const result = await outcome(carrier, header, app)
    // What only Flask has tags for is data elsewhere.
    if (typeof result === 'string') expect(REFUSALS).toContain(result)
    else expect(JSON.stringify(result).length).toBeLessThan(200_000)
    await expectQuick(() => outcome(carrier, header, app))
  })

  test('of 3 000 times the same key the last value counts, and it is one key', async () => {
    const pairs = Array.from({ length: 3000 }, (_, at) => `"${at % 2 ? 'a' : '\\u0061'}":${at}`)
    const text = record('0').replace('"x":0', pairs.join())
    expect(await open(text)).toMatchObject({ opened: [['a', 2999]], events: [] })
  })

  test('messages that no app of ours wrote break no page', async () => {
    const items = '[[{"a":1},"m"],[[],"m"],[null,"m"],[{},{}],["c"],5,{},"ab",["c","shown"]]'
    const app = carrier.app()
    const text =
      levelsAround === 2 ? `["s44we8.abc123",{},{"f":${items}}]` : `{"_flashes":${items}}`
    const session = await app.sessions.open(await carrier.carry(app, text))
    expect(session.isNew).toBe(false)
    expect(session.flashes()).toContainEqual({ category: 'c', message: 'shown' })
    await session.commit()
  })

  test('keys that mean something to objects are keys, of the data and of what is beside it', async () => {
    const text = record('0').replace(
      '"x":0',
      '"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}},"toString":1,"then":{"then":1}',
    )
    const result = await open(text)
    expect(result).toMatchObject({ events: [] })
    expect(typeof result === 'object' && result.opened.map(([key]) => key)).toEqual([
      '__proto__',
      'constructor',
      'toString',
      'then',
    ])
    const beside = '["s44we8.abc123",{},{"__proto__":{"u":"admin"},"constructor":"admin"}]'
    const other = await open(levelsAround === 2 ? beside : '{"__proto__":{"_user_id":"admin"}}')
    expect(other).toMatchObject({ events: [] })
    expect(({} as { isAdmin?: boolean; u?: string }).isAdmin).toBeUndefined()
    expect(({} as { u?: string }).u).toBeUndefined()
  })
})

describe.each(DEFLATED)('$name, with the right key', (carrier) => {
  const good = carrier.record('1')
  const open = (bytes: Uint8Array) => outcome(carrier, carrier.carryDeflated(bytes))
  const inLayers = (bytes: Uint8Array, layers: number): Uint8Array =>
    layers === 0 ? bytes : inLayers(deflateSync(bytes), layers - 1)

  test.each([
    ['20 MiB of one letter', deflateSync(Buffer.alloc(20 * MEBIBYTE, 'x'))],
    ['20 MiB of zeros, nearly 1 000 to 1', deflateSync(Buffer.alloc(20 * MEBIBYTE))],
    ['20 MiB of blanks around a record', deflateSync(`${' '.repeat(20 * MEBIBYTE)}${good}`)],
    ['a byte more than 64 KiB', deflateSync(carrier.record('1').padEnd(65_537))],
    ['a bomb in a bomb', inLayers(Buffer.alloc(50 * MEBIBYTE), 2)],
    ['a record in three layers', inLayers(Buffer.from(good), 3)],
    ['a gzip member', gzipSync(good)],
    ['many gzip members', Buffer.concat(Array(500).fill(gzipSync(good)) as Buffer[])],
    ['raw deflate', deflateRawSync(good)],
    ['a stream that needs a dictionary', deflateSync(good, { dictionary: Buffer.from('abc') })],
    ['nothing', Buffer.alloc(0)],
    ['a byte order mark', deflateSync(`\ufeff${good}`)],
    ['bytes that are no UTF-8', deflateSync(Buffer.from([0x7b, 0xc0, 0x80, 0x7d]))],
    ['half a surrogate pair in UTF-8', deflateSync(Buffer.from('{"x":"\xed\xa0\x80"}', 'latin1'))],
  ])('%s is anonymous, without the memory to inflate it', async (_, bytes) => {
    const before = process.memoryUsage()
    expect(await open(bytes)).toBe('payload')
    const after = process.memoryUsage()
    const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers
    // Nothing was collected on purpose meanwhile: this is all that was allocated.
    expect(grown).toBeLessThan(8 * MEBIBYTE)
    await expectQuick(() => open(bytes))
  })

  test('every truncation, and every change of a byte at the ends, is anonymous', async () => {
    const bytes = deflateSync(good)
    for (let length = 0; length < bytes.length; length++) {
      expect(await open(bytes.subarray(0, length)), `${length} bytes`).toBe('payload')
    }
    for (const at of [0, 1, bytes.length - 4, bytes.length - 1]) {
      const changed = Uint8Array.from(bytes)
      changed[at]! ^= 0x11
      expect(await open(changed), `byte ${at}`).toBe('payload')
    }
  })

  test('what stands behind the stream is not read, as Python does not', async () => {
    const bomb = deflateSync(Buffer.alloc(20 * MEBIBYTE))
    for (const behind of [Buffer.from('junk'), deflateSync(good), bomb]) {
      const result = await open(Buffer.concat([deflateSync(good), behind]))
      expect(result).toMatchObject({ opened: [['x', 1]] })
    }
  })

  test('exactly 64 KiB opens', async () => {
    expect(await open(deflateSync(good.padEnd(65_536)))).toMatchObject({ opened: [['x', 1]] })
  })
})

test('1 000 bombs leave no memory behind', async () => {
  const memory = () => heapAfterCollection() + process.memoryUsage().arrayBuffers
  const bombs = [
    deflateSync(Buffer.alloc(20 * MEBIBYTE)),
    deflateSync(nested('[', 1_000_000, ']')),
    deflateSync(`{"x":${nested('{" m":[', 30, ']}', '"\\\\\\\\"')}}`),
    deflateSync(`{${Array.from({ length: 6000 }, (_, at) => `"${at}":[]`).join()}}`),
  ]
  const apps = DEFLATED.map((carrier) => ({ carrier, app: carrier.app() }))
  const play = async (rounds: number) => {
    for (let round = 0; round < rounds; round++) {
      for (const { carrier, app } of apps) {
        for (const bomb of bombs) await app.sessions.open(carrier.carryDeflated(bomb))
        app.events.length = 0
      }
    }
  }
  await play(5)
  const before = memory()
  await play(120)
  expect(memory() - before).toBeLessThan(8 * MEBIBYTE)
})
