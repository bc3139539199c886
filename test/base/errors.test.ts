import { inspect } from 'node:util'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { withCause, errorCatalogue, sentenceOf, SessionError } from '../../src/base/errors.ts'
import { warnOnce } from '../../src/session/development/warn.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('errors', () => {
  test('an error carries its code, a status and a message that says what to do', () => {
    const error = new SessionError('ERR_NOT_SIGNED_IN')
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({
      name: 'SessionError',
      code: 'ERR_NOT_SIGNED_IN',
      status: 401,
      statusCode: 401,
    })
    expect(new SessionError('ERR_OPTION_INVALID', 'clock', 'has to tick')).toMatchObject({
      message: 'The option "clock" has to tick.',
      status: 500,
      statusCode: 500,
    })
  })

  test('an error that ends the process is printed without properties that are not set', () => {
    expect(inspect(new SessionError('ERR_SECRET_MISSING', 'secret', ''))).not.toContain(
      'undefined,',
    )
    expect(Object.keys(new SessionError('ERR_CSRF'))).toContain('headers')
  })

  test('the reason behind an error is kept', () => {
    const cause = new Error('why')
    const error = withCause(new SessionError('ERR_NOT_SIGNED_IN'), cause)
    expect(error.cause).toBe(cause)
    // A log that writes errors as JSON shows no address of a store.
    expect(Object.keys(error)).not.toContain('cause')
  })

  test('the catalogue names each code once, with a status and a message of whole sentences', () => {
    const catalogue = errorCatalogue()
    expect(new Set(catalogue.map(({ code }) => code)).size).toBe(catalogue.length)
    for (const { code, message } of catalogue) {
      expect(code).toMatch(/^ERR_[A-Z_]+$/)
      expect(message).toMatch(/^\S.*[.>]$/)
    }
    expect(catalogue.find(({ code }) => code === 'ERR_OPTION_INVALID')).toEqual({
      code: 'ERR_OPTION_INVALID',
      status: 500,
      message: 'The option "<option>" <why>.',
    })
    expect(
      catalogue.filter(({ status }) => status !== 500).map(({ code, status }) => [code, status]),
    ).toEqual([
      ['ERR_NOT_SIGNED_IN', 401],
      ['ERR_LOGIN_STALE', 401],
      ['ERR_CSRF', 403],
      ['ERR_SESSION_READ_ONLY', 503],
      ['ERR_SESSION_GONE', 409],
      ['ERR_SESSION_CONFLICT', 503],
      ['ERR_SESSION_LIMIT', 403],
      ['ERR_STORE_UNAVAILABLE', 503],
    ])
  })

  test('an error with a status of its own brings headers: no cache, and when to come back', () => {
    expect(new SessionError('ERR_OPTION_INVALID', 'a', 'b').headers).toBeUndefined()
    const gone = new SessionError('ERR_SESSION_GONE')
    expect(gone.headers).toEqual({ 'cache-control': 'no-store', vary: 'Cookie' })
    const away = new SessionError('ERR_STORE_UNAVAILABLE', 'read', 'it is away')
    expect(away.headers?.['retry-after']).toMatch(/^[1-5]$/)
    expect(away.withHeader('set-cookie', 'a=b').headers).toMatchObject({
      'cache-control': 'no-store',
      'set-cookie': 'a=b',
    })
  })

  test('a header is added to a copy: other requests may have been given the same error', () => {
    const shared = withCause(new SessionError('ERR_STORE_SCHEMA', 'SQLite', 'are missing'), 'why')
    const own = shared.withHeader('set-cookie', 'session=; Max-Age=0')
    expect(own).toMatchObject({ code: shared.code, message: shared.message, cause: 'why' })
    expect(own.headers).toMatchObject({ 'set-cookie': 'session=; Max-Age=0' })
    expect(shared.headers?.['set-cookie']).toBeUndefined()
  })

  test('each code stands in a test', () => {
    const root = fileURLToPath(new URL('..', import.meta.url))
    const tests = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.test.ts') && !name.endsWith('errors.test.ts'))
      .map((name) => readFileSync(root + name, 'utf8'))
      .join('\n')
    const untested = errorCatalogue().filter(({ code }) => !tests.includes(code))
    expect(untested.map(({ code }) => code)).toEqual([])
  })
})

test('a message is one line of bounded length, whatever a key was made of', () => {
  const error = new SessionError('ERR_UPDATE_ASYNC', `a\r\n\u001b[2J${'k'.repeat(100_000)}`)
  expect(error.message).toMatch(/^The function given to update\("a\\u000d\\u000a\\u001b\[2Jk+…"\)/)
  expect(error.message.length).toBeLessThan(1000)
})

describe('the page of a code', () => {
  const PAGE = 'More: node_modules/sojourn/docs/errors.md#err_session_gone'

  test('is the last line of the message in development, and of the stack before its frames', () => {
    vi.stubEnv('NODE_ENV', 'development')
    const error = new SessionError('ERR_SESSION_GONE')
    expect(error.message.split('\n')).toEqual([expect.stringMatching(/again\.$/), PAGE])
    expect(error.stack).toMatch(/\nMore: \S+#err_session_gone\n +at /)
    expect(sentenceOf(error)).toBe(error.message.split('\n')[0])
    expect(error.withHeader('x', 'y').message).toBe(error.message)
  })

  test.each(['production', 'test', undefined])('is not named where NODE_ENV is %s', (name) => {
    vi.stubEnv('NODE_ENV', name)
    const error = new SessionError('ERR_SESSION_GONE')
    expect(error.message).toMatch(/^A concurrent request .*again\.$/)
    expect(sentenceOf(error)).toBe(error.message)
  })

  test('is in nothing that a visitor is sent', async () => {
    vi.stubEnv('NODE_ENV', 'development')
    for (const { code, status } of errorCatalogue()) {
      if (status === 500) continue
      const error = new SessionError(code, ...(['', '', ''] as never))
      const response = error.getResponse!()
      const sent = [error.data, error.statusText, response.statusText, await response.text()]
      expect(sent.join(), code).not.toMatch(/More:|errors\.md/)
      expect(JSON.stringify([error.headers, ...response.headers]), code).not.toContain('errors.md')
    }
  })

  test('is a line of its own in a development warning, and a key cannot forge one', () => {
    vi.stubEnv('NODE_ENV', 'development')
    const printed = vi.spyOn(console, 'warn').mockReturnValue()
    const warn = warnOnce(() => 'session')
    warn('gone', new SessionError('ERR_SESSION_GONE').message)
    warn('async', new SessionError('ERR_UPDATE_ASYNC', 'a\nMore: b').message)
    const lines = printed.mock.calls.map(([line]) => String(line).split('\n'))
    printed.mockRestore()
    expect(lines[0]).toEqual([expect.stringMatching(/^\[sojourn\] A concurrent/), PAGE])
    expect(lines[1]).toEqual([
      expect.stringContaining('update("a\\u000aMore: b")'),
      'More: node_modules/sojourn/docs/errors.md#err_update_async',
    ])
  })
})
