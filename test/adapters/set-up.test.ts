/** An adapter that is set up wrongly says so at once: no request hangs. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import * as onExpress from '../../src/adapters/express.ts'
import * as onFetch from '../../src/adapters/fetch.ts'
import { nextSessions, sessionProxy } from '../../src/adapters/next.ts'
import * as onNode from '../../src/adapters/node/node.ts'
import { testSessions } from '../session/visitor.ts'
import { EXPRESS } from './express-versions.ts'
import { nextRequest } from './next-jar.ts'

const NOT_SESSIONS: [string, unknown, RegExp][] = [
  ['nothing', undefined, /It got undefined/],
  ['null', null, /It got null/],
  ['a function', testSessions, /It got a function/],
  ['a secret', 'secret', /It got a string/],
  ['the options', { secret: 'x' }, /It got the options: write const sessions/],
  ['an empty object', {}, /It got another object/],
]

const SET_UP: [string, (sessions: any) => unknown][] = [
  ['sessionMiddleware', (sessions) => onExpress.sessionMiddleware(sessions)],
  ['csrfGuard', (sessions) => onExpress.csrfGuard(sessions)],
  ['loginRequired', (sessions) => onExpress.loginRequired(sessions)],
  ['withSessions', (sessions) => onNode.withSessions(sessions, () => {})],
  ['loginRequired', (sessions) => onNode.loginRequired(sessions, {}, () => {})],
  ['withSessions', (sessions) => onFetch.withSessions(sessions, () => new Response())],
  ['csrfGuard', (sessions) => onFetch.csrfGuard(sessions, () => new Response())],
  ['loginRequired', (sessions) => onFetch.loginRequired(sessions, {}, () => new Response())],
  ['nextSessions', (sessions) => nextSessions(sessions, nextRequest())],
  ['sessionProxy', (sessions) => sessionProxy(sessions, () => new Response())],
]

describe.each(SET_UP)('%s', (name, setUp) => {
  test.each(NOT_SESSIONS)('refuses %s in place of the sessions', (_, given, why) => {
    const thrown = expect.objectContaining({
      code: 'ERR_OPTION_INVALID',
      message: expect.stringMatching(why),
    })
    expect(() => setUp(given)).toThrow(thrown)
    expect(() => setUp(given)).toThrow(`${name}(sessions`)
  })
})

test('withSessions, csrfGuard and loginRequired refuse what is no handler', () => {
  const { sessions } = testSessions()
  const invalid = expect.objectContaining({ code: 'ERR_OPTION_INVALID' })
  expect(() => onNode.withSessions(sessions, undefined as never)).toThrow(invalid)
  expect(() => onNode.loginRequired(sessions, {}, undefined as never)).toThrow(invalid)
  expect(() => onFetch.withSessions(sessions, 'handler' as never)).toThrow(invalid)
  expect(() => onFetch.csrfGuard(sessions, undefined as never)).toThrow(invalid)
  expect(() => onFetch.loginRequired(sessions, {}, {} as never)).toThrow(invalid)
})

test.each(['Express', 'Express 4'] as const)(
  'on %s, middleware that was not called answers each request with an error that says it',
  async (version) => {
    for (const uncalled of [
      onExpress.sessionMiddleware,
      onExpress.csrfGuard,
      onExpress.loginRequired,
    ]) {
      const app = EXPRESS[version]().use(uncalled as never)
      const told: unknown[] = []
      app.use(((error: unknown, _req: unknown, res: { end(): void }, _next: unknown) => {
        told.push(error)
        res.end()
      }) as never)
      const server = createServer(app)
      await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
      onTestFinished(() => void server.close())
      await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, {
        headers: { connection: 'close' },
      })
      expect(told).toEqual([
        expect.objectContaining({
          code: 'ERR_OPTION_INVALID',
          message: expect.stringContaining(
            `got a request: write app.use(${uncalled.name}(sessions`,
          ),
        }),
      ])
    }
  },
)
