import { expect, test } from 'vitest'
import { cookieFindings, ownNaming } from '../../../src/cli/doctor/cookie-checks.ts'
import { pageFindings } from '../../../src/cli/doctor/page-checks.ts'

const ATTRIBUTES = { secure: true, httpOnly: true, sameSite: 'Lax', domain: null, path: '/' }

test.each([
  ['__Host-Http-session', 'pass', '__Host-Http-: other hosts, plain HTTP and scripts cannot'],
  ['__host-http-session', 'pass', '__Host-Http-'],
  ['__Host-session', 'pass', '__Host-: other hosts'],
  ['__Http-session', 'pass', '__Http-: plain HTTP and scripts cannot'],
  ['__Secure-session', 'pass', 'other hosts of the domain can'],
  ['__Hosts-session', 'warn', 'can set a cookie of that name'],
  ['session', 'warn', 'can set a cookie of that name'],
])('the prefix of %s: %s, with what the browser watches over', (name, verdict, says) => {
  const findings = cookieFindings({ ...ATTRIBUTES, name }, ownNaming)
  const found = findings.find(({ about }) => about === 'prefix')
  expect(found).toMatchObject({ verdict, says: expect.stringContaining(says) })
})

test.each([
  ['http:', 'warn'],
  ['https:', 'fail'],
])('a page on this machine over %s whose cookie lacks Secure: %s', (protocol, verdict) => {
  const cookie = {
    ...ATTRIBUTES,
    name: 'session',
    secure: false,
    size: 20,
    format: 'sojourn',
  } as const
  const found = pageFindings({}, cookie, protocol).find(({ about }) => about === 'Secure')
  expect(found).toMatchObject({ verdict, remedy: expect.stringContaining('NODE_ENV=production') })
})
