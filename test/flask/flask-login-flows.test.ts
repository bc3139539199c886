/** Flows recorded with Flask-Login 0.6.3, replayed: an Express app with Flask's cookies does as it did. */

import { readFileSync } from 'node:fs'
import { createServer, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inflateSync } from 'node:zlib'
import express from 'express'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { sessionMiddleware } from '../../src/adapters/express.ts'
import { type FlaskConfig, flask, flaskCookie, rememberToken } from '../../src/flask/flask.ts'
import { createSessions, type Session, SessionError } from '../../src/index.ts'

interface Step {
  path: string
  user_agent: string
  request_cookie: string | null
  status: number
  location: string | null
  body: string | null
  set_cookie: string[]
  session_json_after: string | null
}

interface Flow {
  name: string
  config: Pick<FlaskConfig, 'SESSION_PROTECTION'>
  steps: Step[]
}

const { flow: flows } = JSON.parse(
  readFileSync(new URL('../fixtures/flask-login/recorded.json', import.meta.url), 'utf8'),
) as { flow: Flow[] }

const SECRET_KEY = 'oracle-secret-key'
const NOW = 1_700_000_000_000

/** The app of the recording, in TypeScript. */
function appOf(config: Flow['config']) {
  const sessions = createSessions<any>({ ...flask({ SECRET_KEY, ...config }), clock: () => NOW })
  const remember = rememberToken({ SECRET_KEY })
  const app = express().disable('x-powered-by')
  app.use(sessionMiddleware(sessions))
  const routes: Record<string, (session: Session<any>, req: object) => unknown> = {
    '/me': (session) => {
      const { userId } = session
      const fresh = session.get('_fresh', false) === true
      const [isIn, isFresh] = [userId !== undefined, fresh].map((is) => (is ? 'True' : 'False'))
      return `${isIn} ${userId ?? 'None'} fresh=${isFresh}`
    },
    '/login': (session) => (session.login('42'), 'ok'),
    '/login-remember': (session) => {
      session.login('42')
      remember.ask(session)
      return 'ok'
    },
    '/login-remember-60': (session) => {
      session.login('42')
      remember.ask(session, { seconds: 60 })
      return 'ok'
    },
    '/private': async (session, req) => {
      try {
        await sessions.signedIn(req)
        return 'private'
      } catch (error) {
        if (!(error instanceof SessionError)) throw error
        session.flash('Please log in to access this page.')
        return { location: '/login-page?next=%2Fprivate' }
      }
    },
    '/fresh': async (_, req) => (await sessions.signedIn(req, { fresh: true }), 'fresh'),
    // confirm_login: the same user signs in again.
    '/confirm': (session) => (session.login(session.userId!), 'c'),
    '/logout': (session) => (session.logout(), 'bye'),
  }
  app.use(async (req, res) => {
    const session = await sessions.get(req)
    remember.signIn(session, req.headers.cookie)
    try {
      const answer = await routes[req.path]!(session, req)
      const line = remember.setCookie(session)
      if (line !== undefined) res.append('Set-Cookie', line)
      if (typeof answer === 'string') res.send(answer)
      else res.redirect(302, (answer as { location: string }).location)
    } catch (error) {
      if (!(error instanceof SessionError)) throw error
      res.status(error.status).send()
    }
  })
  return createServer(app)
}

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function ask(server: ReturnType<typeof createServer>, step: Step) {
  const { port } = server.address() as AddressInfo
  return new Promise<{ status: number; body: string; location?: string; setCookie: string[] }>(
    (resolve, reject) => {
      const headers: Record<string, string> = { 'user-agent': step.user_agent }
      if (step.request_cookie !== null) headers['cookie'] = step.request_cookie
      const path = step.path
      const sent = send({ host: '127.0.0.1', port, path, headers }, async (response) => {
        let body = ''
        for await (const part of response) body += String(part)
        const { statusCode, headers: got } = response
        const { location, 'set-cookie': setCookie = [] } = got
        resolve({ status: statusCode!, body, ...(location && { location }), setCookie })
      })
      sent.on('error', reject).end()
    },
  )
}

/** What the recording expects of us, in its own terms; the deviations of docs/flask.md are in here. */
function expectedLines(step: Step): string[] {
  const hadToken = step.request_cookie?.includes('remember_token=') ?? false
  return step.set_cookie.flatMap((line) => {
    if (!line.startsWith('remember_token=;')) return [line]
    // Clearing repeats HttpOnly, and a browser that has no such cookie is not told to clear it.
    return hadToken ? [line.replace('; Path=', '; HttpOnly; Path=')] : []
  })
}

/** A line, with the payload in place of the signed and deflated bytes, which differ between zlibs. */
function legible(line: string): unknown {
  const [, value, rest] = /^session=([^;]+)(.*)$/.exec(line) ?? []
  if (value === undefined) return line
  expect(flaskCookie({ secret: SECRET_KEY }).open(value, { now: NOW / 1000 }).ok).toBe(true)
  return { json: jsonOf(value), rest }
}

/** The text in a cookie, to the byte: `60.0` is another text than `60`. */
function jsonOf(value: string): string {
  const isDeflated = value.startsWith('.')
  const bytes = Buffer.from(value.slice(isDeflated ? 1 : 0).split('.')[0]!, 'base64url')
  return String(isDeflated ? inflateSync(bytes) : bytes)
}

describe('the flows recorded with Flask-Login', () => {
  test('are six', () => expect(flows).toHaveLength(6))

  test.each(flows)('$name', async ({ config, steps }) => {
    vi.useFakeTimers({ now: NOW, toFake: ['Date'] })
    closing.push(() => vi.useRealTimers())
    const server = appOf(config)
    closing.push(() => server.close())
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    for (const step of steps) {
      const { status, body, location, setCookie } = await ask(server, step)
      expect(status, step.path).toBe(step.status)
      expect(location ?? null, step.path).toBe(step.location)
      if (step.body !== null) expect(body, step.path).toBe(step.body)
      expect(setCookie.map(legible), step.path).toEqual(expectedLines(step).map(legible))
      const written = setCookie.map((line) => /^session=([^;]+)/.exec(line)?.[1]).find(Boolean)
      if (written !== undefined) expect(jsonOf(written)).toBe(step.session_json_after)
    }
  })
})
