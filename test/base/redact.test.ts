import { expect, test } from 'vitest'
import { withoutPasswords } from '../../src/base/redact.ts'

test.each([
  'password authentication failed for postgres://app:planted@db:5432/x',
  'postgres://app:pl@planted@db refused',
  'redis://:pl/planted@db:6379 refused',
  'redis://planted@db refused, and rediss://a:planted@b too',
  'connecting with host=db user=app password=planted',
  "connecting with password = 'planted words' port=5432",
  'options {"password":"planted"}: no such host',
  'Pwd=planted; Server=db',
])('%j shows no password', (text) => {
  expect(withoutPasswords(text)).not.toContain('planted')
})

test.each([
  'connect ECONNREFUSED 127.0.0.1:5432',
  'mail to a@b.example',
  'http://db.example/a b@c',
])('%j is said as it is', (text) => expect(withoutPasswords(text)).toBe(text))
