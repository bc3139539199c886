/** A guard that was asked holds: through each adapter, wherever sessions are kept. */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:http2'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EventFacts } from '../../src/index.ts'

const ADAPTERS = ['node:http', 'node:http2', 'Express', 'Express 4', 'Fetch']
const PLACES = ['a signed cookie', 'an encrypted cookie', 'a store']

/** The program, in a process of its own: it must not end. */
async function start(adapter: string) {
  const program = fileURLToPath(new URL('guarded-app.ts', import.meta.url))
  const child: ChildProcess = fork(program, [adapter], {
    execArgv: [],
    env: { ...process.env, NODE_ENV: 'development' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let complaints = ''
  child.stderr!.on('data', (chunk: Buffer) => (complaints += String(chunk)))
  const ports = await new Promise<Record<string, number>>((resolve, reject) => {
    child.once('message', (told: { ports: Record<string, number> }) => resolve(told.ports))
    child.once('exit', () => reject(new Error(complaints)))
  })
  return {
    child,
    ask: (place: string, path: string, asking: Asking = {}) =>
      (adapter === 'node:http2' ? ask2 : ask1)(`http://127.0.0.1:${ports[place]}`, path, asking),
  }
}

interface Asking {
  method?: string
  cookie?: string
}

async function ask1(origin: string, path: string, { method = 'GET', cookie = '' }: Asking) {
  const headers = { cookie, 'sec-fetch-site': method === 'GET' ? 'none' : 'cross-site' }
  const response = await fetch(`${origin}/${path}`, { method, headers })
  const [setCookie = ''] = response.headers.getSetCookie()
  return { status: response.status, body: await response.text(), setCookie }
}

async function ask2(origin: string, path: string, { method = 'GET', cookie = '' }: Asking) {
  const client = connect(origin)
  const site = method === 'GET' ? 'none' : 'cross-site'
  const stream = client.request({
    ':path': `/${path}`,
    ':method': method,
    cookie,
    'sec-fetch-site': site,
  })
  stream.end()
  const [head] = (await once(stream, 'response')) as [Record<string, string | string[]>]
  const body = Buffer.concat(await stream.toArray()).toString()
  client.close()
  const [setCookie = ''] = head['set-cookie'] ?? []
  return { status: Number(head[':status']), body, setCookie }
}

const SIGN_IN_FIRST = 'Please sign in first.\n'

describe.each(ADAPTERS)('a guard behind %s', (adapter) => {
  let started: Awaited<ReturnType<typeof start>>
  const lines: string[] = []
  beforeAll(async () => void (started = await start(adapter)))
  afterAll(() => void started.child.kill())

  describe.each(PLACES)('sessions in %s', (place) => {
    const app = { ask: (path: string, asking?: Asking) => started.ask(place, path, asking) }

    const told = async (): Promise<{ events: EventFacts[]; lines: string[] }> =>
      JSON.parse((await app.ask('told')).body)

    test.each([
      'forgotten',
      'forgotten-later',
      'forgotten-function',
      'forgotten-function-later',
      'forgotten-then',
      'forgotten-finally',
      'forgotten-all',
    ])('holds where its await is missing: %s', async (path) => {
      await told()
      expect(await app.ask(path)).toEqual({ status: 401, body: SIGN_IN_FIRST, setCookie: '' })
      const after = await told()
      expect(after.events).toEqual([
        { type: 'guard-unheeded', guard: 'signedIn', code: 'ERR_NOT_SIGNED_IN' },
      ])
      // Nothing ended the process, and it serves the next visitor.
      expect((await app.ask('note')).body).toBe('none')
      // Once for each of the two causes.
      lines.push(...after.lines)
      expect(lines[0]).toMatch(/^\[sojourn\] sessions\.signedIn\(\) refused.* await is missing/)
    })

    test('holds where the page is sent before its result is awaited', async () => {
      const answer = await app.ask('forgotten-until-sent')
      expect(answer).toMatchObject({ status: 401, setCookie: '' })
      expect(answer.body).not.toContain('SECRET')
      expect((await app.ask('note')).body).toBe('none')
    })

    test('holds for a request from another site', async () => {
      const answer = await app.ask('forgotten-csrf', { method: 'POST' })
      expect(answer.status).toBe(403)
      expect(answer.body).not.toContain('SECRET')
      expect((await told()).lines.join()).toContain('write `await sessions.checkCsrf(req)`')
      expect((await app.ask('forgotten-csrf')).body).toBe('SECRET')
    })

    test('holds for a login that is too old, and lets a fresh one pass', async () => {
      const { setCookie } = await app.ask('sign-in')
      const cookie = setCookie.split(';')[0]!
      expect((await app.ask('forgotten', { cookie })).body).toBe('SECRET')
      expect((await app.ask('forgotten-fresh', { cookie })).body).toBe('SECRET')
      await app.ask('an-hour-later')
      expect((await app.ask('forgotten-fresh', { cookie })).status).toBe(401)
      expect((await app.ask('forgotten', { cookie })).body).toBe('SECRET')
    })

    test('saves nothing of what the page did without waiting for it', async () => {
      const answer = await app.ask('forgotten-after-writing')
      expect(answer).toEqual({ status: 401, body: SIGN_IN_FIRST, setCookie: '' })
    })

    test('that is awaited answers 401, whatever the framework does with the error', async () => {
      const { status, body } = await app.ask('awaited')
      expect(status).toBe(401)
      expect(body).not.toContain('SECRET')
      expect((await app.ask('note')).status).toBe(200)
    })

    test.runIf(place === 'a store')('a store that is away is a 503, handled or not', async () => {
      const { setCookie } = await app.ask('sign-in')
      const cookie = setCookie.split(';')[0]!
      await app.ask('away')
      for (const path of ['note', 'awaited', 'forgotten', 'forgotten-function']) {
        const { status, body } = await app.ask(path, { cookie })
        expect(status, path).toBe(503)
        expect(body).not.toContain('SECRET')
      }
      await app.ask('away')
      expect((await app.ask('awaited', { cookie })).body).toBe('SECRET')
    })

    test.each([
      'caught',
      'caught-at-once',
      'caught-later',
      'caught-in-all',
      'caught-while-sending',
    ])('leaves an app alone that handles the refusal: %s', async (path) => {
      await told()
      expect(await app.ask(path)).toMatchObject({ status: 200, body: 'please' })
      expect(await told()).toEqual({ events: [], lines: [] })
    })
  })
})
