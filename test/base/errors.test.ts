import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { because, errorCatalogue, SessionError } from '../../src/base/errors.ts'

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

  test('the reason behind an error is kept', () => {
    const cause = new Error('why')
    expect(because(new SessionError('ERR_NOT_SIGNED_IN'), cause).cause).toBe(cause)
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
    ).toEqual([['ERR_NOT_SIGNED_IN', 401]])
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
