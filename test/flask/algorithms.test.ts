import { expect, test } from 'vitest'
import { type Derivation, flaskCookie } from '../../src/flask/flask-cookie.ts'

test.each([
  [{ digest: 'sha1024' }, /"digest"/],
  [{ digest: '' }, /"digest"/],
  [{ derivation: 'hmca' as Derivation }, /"derivation" has to be one of hmac, concat/],
])('an algorithm that is none fails at start-up: %j', (options, message) => {
  expect(() => flaskCookie({ secret: 'look it up', ...options })).toThrow(
    expect.objectContaining({
      code: 'ERR_OPTION_INVALID',
      message: expect.stringMatching(message),
    }),
  )
})
