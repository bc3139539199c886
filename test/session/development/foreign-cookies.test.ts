import { expect, test } from 'vitest'
import { foreignCookie } from '../../../src/session/development/foreign-cookies.ts'
import { forge } from '../visitor.ts'

const b64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

test.each([
  ['express-session', `s:${'a'.repeat(32)}.${'b'.repeat(43)}`],
  ['express-session', `s%3A${'a'.repeat(32)}.${'b'.repeat(42)}%2B`],
  ['iron-session', 'Fe26.2*1*abc*def*ghi*123*456*789~2'],
  ['jwt', `${b64({ typ: 'JWT', alg: 'HS256' })}.${b64({ sub: '1' })}.${'x'.repeat(43)}`],
  ['jwe', `${b64({ alg: 'dir', enc: 'A256GCM' })}..aaaa.bbbb.cccc`],
  ['django', 'eyJhIjoxfQ:1tZVPx:abcdefghijklmnopqrstuvwxyz012345678'],
  ['rails', `${'Ab+/'.repeat(20)}%3D%3D--${'0123456789'.repeat(4)}`],
  ['rails', `${'Ab+/'.repeat(20)}--${'c'.repeat(16)}--${'d'.repeat(22)}%3D%3D`],
  ['cookie-session', Buffer.from('{"views":1}').toString('base64')],
])('a cookie of another library is told from its looks: %s', (format, value) => {
  expect(foreignCookie(value)?.format).toBe(format)
})

test.each([
  '',
  'hello',
  '%',
  's:',
  // Flask's, which a JSON Web Token resembles, and our own.
  `${b64({ alg: 'x' })}.ZVPxAA.${'A'.repeat(27)}`,
  forge(b64(['', { x: 1 }])).slice('session='.length),
  b64('text'),
  `${b64({ alg: 'HS256' }).slice(0, -3)}.e30.AAAA`,
])('what may be ours, or nobody knows, is no cookie of another library: %j', (value) => {
  expect(foreignCookie(value)).toBeUndefined()
})
