import { deflateSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest'
import { forge, OLD_SECRET, T0, testSessions } from '../session/visitor.ts'
import { type Route, served, WAYS } from './both-ways.ts'

let warn: MockInstance<(...parts: unknown[]) => void>
beforeEach(() => {
  warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
})
afterEach(() => void vi.restoreAllMocks())

const good = '["s44we8",{"x":1},{"u":"admin"}]'
const body = (text: string) => Buffer.from(text).toString('base64url')
const deflated = (text: string) => `.${deflateSync(text).toString('base64url')}`
const valid = forge(body(good))

const HOSTILE: [name: string, cookie: string, reason: string][] = [
  ['garbage', 'session=garbage', 'malformed'],
  ['an empty value', 'session=', 'malformed'],
  ['quotes and escapes', 'session="a\\"b\\054"', 'malformed'],
  ['bytes outside ASCII', 'session=\u00ff\u00fe', 'malformed'],
  ['a long value', `session=${'A'.repeat(12_000)}`, 'malformed'],
  ['many dots', `session=${'.'.repeat(8000)}`, 'signature'],
  ['a changed body', valid.replace('=W', '=X'), 'signature'],
  ['a cut signature', valid.slice(0, -1), 'signature'],
  ['a padded signature', `${valid}=`, 'signature'],
  ['another secret', forge(body(good), { secret: OLD_SECRET }), 'signature'],
  [
    'deep nesting',
    forge(deflated(`["",{"x":${'['.repeat(20_000)}${']'.repeat(20_000)}}]`)),
    'payload',
  ],
  ['a bomb', forge(deflated(`["",{"x":"${'x'.repeat(5_000_000)}"}]`)), 'payload'],
  ['a prototype', forge(body('{"__proto__":{"userId":"admin"}}')), 'payload'],
  ['an expired session', forge(body(good), { seconds: 1 }), 'expired'],
  ['a session from the future', forge(body(good), { seconds: T0 / 1000 + 1000 }), 'future'],
]

const whoAmI: Route = async (open) => {
  const session = await open()
  const flashes = session.flashes()
  return {
    body: JSON.stringify([session.userId ?? null, session.isNew, session.size, flashes]),
    headers: [['x-app', 'yes']],
  }
}
const counting: Route = async (open) => {
  const session = await open()
  return { body: String(session.update('n', (n = 0) => n + 1)) }
}

async function seen(response: Response) {
  const headers = [...response.headers].filter(([name]) => name !== 'date')
  return { status: response.status, headers, body: await response.text() }
}

/** With the record for the cookie: sessions that begin differ in their nonce, and so in signature. */
function unnamed({ headers, ...rest }: Awaited<ReturnType<typeof seen>>) {
  const opened = headers.map(([name, value]) => {
    const [, payload = '', attributes] = /^session=([^.]+)[^;]+(.*)$/.exec(value) ?? []
    const text = Buffer.from(payload, 'base64url')
      .toString()
      .replace(/\.\w{6}"/, '"')
    return name === 'set-cookie' ? [name, text, attributes] : [name, value]
  })
  return { ...rest, headers: opened }
}

describe.each(WAYS)('promise 6, hostile input is not an error, through %s', (way) => {
  test('the response is the one an anonymous visitor gets, and one event says why', async () => {
    const { sessions, events } = testSessions()
    await served(way, sessions, whoAmI, async (ask) => {
      const anonymous = await seen(await ask())
      expect(anonymous).toMatchObject({ status: 200, body: '[null,true,0,[]]' })
      for (const [name, cookie, reason] of HOSTILE) {
        events.length = 0
        expect(await seen(await ask({ cookie })), name).toEqual(anonymous)
        expect(events, name).toEqual([{ type: 'rejected', reason }])
      }
    })
  })

  test('the visitor gets a session that works at once, and nothing of the old one', async () => {
    const { sessions } = testSessions()
    await served(way, sessions, counting, async (ask) => {
      const first = unnamed(await seen(await ask()))
      for (const [name, cookie] of HOSTILE)
        expect(unnamed(await seen(await ask({ cookie }))), name).toEqual(first)
    })
  })

  test('junk beside the real cookie does not lock its owner out', async () => {
    const { sessions, events } = testSessions()
    await served(way, sessions, whoAmI, async (ask) => {
      for (const [name, cookie] of HOSTILE) {
        for (const pair of [`${cookie}; ${valid}`, `${valid}; ${cookie}`]) {
          events.length = 0
          expect((await seen(await ask({ cookie: pair }))).body, name).toBe('["admin",false,1,[]]')
          expect(events, name).toEqual([{ type: 'duplicates', count: 2, verified: 1 }])
        }
      }
    })
  })

  test('neither the response, nor an event, nor the console quotes what came', async () => {
    const { sessions, events } = testSessions()
    const marker = 'hush-hush-hush'
    await served(way, sessions, whoAmI, async (ask) => {
      const response = await seen(await ask({ cookie: `session=${marker}.${marker}.${marker}` }))
      expect(JSON.stringify([response, events, warn.mock.calls])).not.toContain(marker)
      expect(events).toHaveLength(1)
    })
  })
})
