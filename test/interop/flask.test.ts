/** A running Flask and a Sojourn app with one secret share one session, both ways. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sessionMiddleware } from '../../src/adapters/express.ts'
import { flask, flaskCookie, isTuple, markup } from '../../src/flask/flask.ts'
import { createSessions } from '../../src/index.ts'
import { fromTyped, matches, type Typed } from '../flask/typed.ts'
import { runFlask, startFlask } from './python-flask.ts'

const SECRET = 'interop-4f0bd1c2a79e4b6d8c15e3f7a9b20c4d6e8f'

const sessions = createSessions(flask({ SECRET_KEY: SECRET }))
const app = express()
app.use(sessionMiddleware(sessions), express.urlencoded({ extended: false }))
app.post('/login', async (req, res) => {
  const session = await sessions.get(req)
  session.login(req.body.user as string)
  res.send('in')
})
app.get('/me', async (req, res) => {
  const session = await sessions.get(req)
  const roles: unknown = session.get('roles')
  res.json({
    user: session.userId ?? null,
    permanent: session.permanent,
    roles: isTuple(roles) && [...roles],
    since: (session.get('since') as Date | undefined)?.toISOString() ?? null,
  })
})
app.post('/permanent', async (req, res) => {
  const session = await sessions.get(req)
  session.permanent = true
  res.send('kept')
})
app.post('/touch', async (req, res) => {
  const session = await sessions.get(req)
  session.update('touched', (n: number = 0) => n + 1)
  res.send('touched')
})
app.post('/flash', async (req, res) => {
  const session = await sessions.get(req)
  session.flash('from Sojourn', 'info')
  session.flash(markup('<b>bold</b>'), 'html')
  res.send('left')
})
app.get('/flashes', async (req, res) => {
  const session = await sessions.get(req)
  res.json(session.flashes().map(({ category, message }) => [category, String(message)]))
})
app.post('/logout', async (req, res) => {
  const session = await sessions.get(req)
  session.logout()
  res.send('out')
})
const server = createServer(app)

let python: { url: string; stop(): void }
let ours: string

beforeAll(async () => {
  python = await startFlask(SECRET)
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  ours = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  python.stop()
  server.close()
})

/** One browser: cookies do not know ports, so both apps get the same one. */
function visitor() {
  let cookie = ''
  return async (url: string, form?: Record<string, string>) => {
    const response = await fetch(url, {
      ...(form ? { method: 'POST', body: new URLSearchParams(form) } : {}),
      headers: { cookie },
    })
    for (const line of response.headers.getSetCookie()) {
      const pair = line.split(';')[0]!
      cookie = pair === 'session=' ? '' : pair
    }
    const text = await response.text()
    return {
      lines: response.headers.getSetCookie(),
      body: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text,
    }
  }
}

describe('one visitor, two apps', () => {
  it('who signs in with Flask is known here, with tuples and dates', async () => {
    const go = visitor()
    await go(`${python.url}/login`, { user: 'ada' })
    const { body } = await go(`${ours}/me`)
    expect(body).toEqual({
      user: 'ada',
      permanent: false,
      roles: ['admin', 'staff'],
      since: '2024-02-29T12:34:56.000Z',
    })
  })

  it('who signs in here is known to Flask', async () => {
    const go = visitor()
    await go(`${ours}/login`, { user: 'grace' })
    expect((await go(`${python.url}/me`)).body).toMatchObject({ user: 'grace' })
  })

  it('what Flask wrote keeps its type when we write another key', async () => {
    const go = visitor()
    await go(`${python.url}/login`, { user: 'ada' })
    await go(`${ours}/touch`, {})
    const { body } = await go(`${python.url}/me`)
    expect(body).toMatchObject({ user: 'ada', roles: ['admin', 'staff'], ratio: '1.0' })
    expect(body.since).toBe('2024-02-29T12:34:56+00:00')
  })

  it('flash messages cross over both ways, once', async () => {
    const go = visitor()
    await go(`${python.url}/flash`, {})
    expect((await go(`${ours}/flashes`)).body).toEqual([
      ['info', 'from Flask'],
      ['html', '<b>bold</b>'],
    ])
    expect((await go(`${python.url}/flashes`)).body).toEqual([])
    await go(`${ours}/flash`, {})
    expect((await go(`${python.url}/flashes`)).body).toEqual([
      ['info', 'from Sojourn'],
      ['html', '<b>bold</b>'],
    ])
  })

  it('permanent crosses over both ways, with the same expiry', async () => {
    for (const [first, second] of [
      [python.url, ours],
      [ours, python.url],
    ] as const) {
      const go = visitor()
      const { lines } = await go(`${first}/permanent`, {})
      expect(lines[0]).toMatch(/; Expires=\w{3}, \d\d \w{3} \d{4} .* GMT; HttpOnly; Path=\/$/)
      expect((await go(`${second}/me`)).body).toMatchObject({ permanent: true })
    }
  })

  it('signing out on one side signs out on the other', async () => {
    for (const [first, second] of [
      [python.url, ours],
      [ours, python.url],
    ] as const) {
      const go = visitor()
      await go(`${first}/login`, { user: 'ada' })
      await go(`${second}/logout`, {})
      expect((await go(`${first}/me`)).body).toMatchObject({ user: null })
    }
  })
})

const leaf: fc.Arbitrary<Typed> = fc.oneof(
  fc.constant({ t: 'null' }),
  fc.boolean().map((v) => ({ t: 'bool', v })),
  fc
    .oneof(fc.maxSafeInteger().map(BigInt), fc.bigInt({ min: -(2n ** 90n), max: 2n ** 90n }))
    .map((v) => ({ t: 'int', v: String(v) })),
  fc
    .double({ noDefaultInfinity: true, noNaN: true })
    .map((v) => ({ t: 'float', v: pythonFloat(v) })),
  fc.constantFrom('nan', 'inf', '-inf').map((v) => ({ t: 'float', v })),
  fc.string({ unit: 'binary' }).map((v) => ({ t: 'str', v })),
  fc
    .uint8Array({ maxLength: 20 })
    .map((v) => ({ t: 'bytes', hex: Buffer.from(v).toString('hex') })),
  fc.string({ unit: 'grapheme' }).map((v) => ({ t: 'markup', v })),
  fc.uuid().map((v) => ({ t: 'uuid', v })),
  fc
    .integer({ min: -2_000_000_000, max: 4_000_000_000 })
    .map((epoch) => ({ t: 'datetime', epoch })),
)

const key = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom(
    ' t',
    ' b',
    ' di',
    ' d',
    ' t__',
    '__proto__',
    'constructor',
    '10',
    '9',
    '_permanent',
  ),
)

const { value } = fc.letrec<{ value: Typed }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }).map((v) => ({ t: 'list', v })),
    fc.array(tie('value'), { maxLength: 4 }).map((v) => ({ t: 'tuple', v })),
    dictionary(tie('value')),
  ),
}))

function dictionary(member: fc.Arbitrary<Typed>): fc.Arbitrary<Typed> {
  return fc
    .uniqueArray(fc.tuple(key, member), { maxLength: 5, selector: ([name]) => name })
    .map((v) => ({ t: 'dict', v }))
}

function pythonFloat(number: number): string {
  if (Object.is(number, -0)) return '-0.0'
  return Number.isInteger(number) && Math.abs(number) < 1e16 ? `${number}.0` : String(number)
}

describe('10 000 random sessions of all types', () => {
  const cases = fc.sample(dictionary(value), { numRuns: 10_000, seed: 20_261_120 })
  const cookie = flaskCookie({ secret: SECRET })

  it('sealed by Flask open equal here', () => {
    const sealed = runFlask(
      'seal',
      SECRET,
      cases.map((typed) => JSON.stringify(typed)),
    )
    expect(sealed.length).toBe(cases.length)
    // Flask has stamped them with the machine's clock. Any later time within 31 days does.
    const wrong = cases.filter((typed, at) => {
      const opened = cookie.open(sealed[at]!, { now: Date.now() / 1000 + 5 })
      return !opened.ok || !matches(opened.data, typed)
    })
    expect(wrong).toEqual([])
  })

  it('sealed here open equal with Flask', () => {
    const lines = cases.map((typed) =>
      JSON.stringify({ cookie: cookie.seal(fromTyped(typed)), value: typed }),
    )
    const answers = runFlask('open', SECRET, lines)
    expect(answers.length).toBe(cases.length)
    expect(answers.filter((answer) => answer !== 'ok')).toEqual([])
  })
})
