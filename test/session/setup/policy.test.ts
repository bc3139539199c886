import { afterEach, describe, expect, test, vi } from 'vitest'
import { flask } from '../../../src/flask/flask.ts'
import { aal2, aal3, createSessions, type SessionOptions } from '../../../src/index.ts'
import { memoryStore } from '../../../src/stores/memory/memory.ts'
import { OLD_SECRET, SECRET } from '../visitor.ts'

/** What holds where NODE_ENV says so. */
function policyIn(environment: string | undefined, options: SessionOptions) {
  vi.stubEnv('NODE_ENV', environment)
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  return createSessions(options).describePolicy()
}

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

const HOST_COOKIE = {
  name: '__Host-Http-session',
  domain: null,
  path: '/',
  httpOnly: true,
  secure: true,
  sameSite: 'Lax',
  partitioned: false,
}

/** With nothing but a secret, in every environment. */
const DEFAULTS = {
  backend: 'cookie',
  format: 'sojourn',
  lifetime: {
    idle: 2_678_400,
    permanent: 2_678_400,
    absolute: null,
    anonymous: null,
    assuranceLevel: null,
  },
  maxBytes: 4096,
  audience: false,
  encryption: { of: 'nothing', migrateUntil: null, from: null },
  algorithms: { cookie: 'HMAC-SHA-256', csrf: 'HMAC-SHA-256', keys: 'HMAC-SHA-256' },
  store: null,
}

const SEALED = 'AES-256-GCM with a key and a commitment of its own each time from HMAC-SHA-512'

describe('the policy says what holds', () => {
  test('with nothing but a secret, in production', () => {
    expect(policyIn('production', { secret: SECRET })).toEqual({
      ...DEFAULTS,
      cookie: HOST_COOKIE,
      secrets: { count: 1, weaknesses: [] },
      data: null,
      formerly: [],
      hints: false,
    })
  })

  test('with nothing but a secret, while developing', () => {
    expect(policyIn('development', { secret: 'Xk2' })).toEqual({
      ...DEFAULTS,
      cookie: { ...HOST_COOKIE, name: 'session', secure: false },
      secrets: { count: 1, weaknesses: ['short'] },
      data: null,
      formerly: [],
      hints: true,
    })
  })

  test('with an encrypted cookie for level 2, below a domain', () => {
    const options = {
      secret: [SECRET, OLD_SECRET],
      encrypt: { from: '2026-12-01', migrateUntil: '2027-01-01' },
      audience: 'shop',
      lifetime: aal2,
      cookie: { domain: 'example.com', sameSite: 'Strict', partitioned: true } as const,
    }
    expect(policyIn(undefined, options)).toEqual({
      backend: 'cookie',
      format: 'sojourn',
      cookie: {
        name: '__Secure-session',
        domain: 'example.com',
        path: '/',
        httpOnly: true,
        secure: true,
        sameSite: 'Strict',
        partitioned: true,
      },
      lifetime: {
        idle: 3600,
        permanent: 3600,
        absolute: 86_400,
        anonymous: null,
        assuranceLevel: 2,
      },
      maxBytes: 4096,
      secrets: { count: 2, weaknesses: [] },
      audience: true,
      encryption: {
        of: 'cookie',
        migrateUntil: '2027-01-01T00:00:00.000Z',
        from: '2026-12-01T00:00:00.000Z',
      },
      algorithms: {
        cookie: `${SEALED}; HMAC-SHA-256 while migrating`,
        csrf: 'HMAC-SHA-256',
        keys: 'HMAC-SHA-256',
      },
      store: null,
      data: null,
      formerly: [],
      hints: true,
    })
  })

  test('with a store and everything that goes with it, for level 3', () => {
    const options: SessionOptions = {
      secret: SECRET,
      store: memoryStore(),
      encrypt: true,
      lifetime: aal3,
      rotate: '15m',
      grace: '5s',
      onReplay: 'end',
      maxSessionsPerUser: 3,
      onLimit: 'reject',
      onUnavailable: 'anonymous-readonly',
      deadlines: { read: '100ms' },
    }
    expect(policyIn('production', options)).toEqual({
      backend: 'memory',
      format: 'sojourn',
      cookie: HOST_COOKIE,
      lifetime: { idle: 900, permanent: 900, absolute: 43_200, anonymous: null, assuranceLevel: 3 },
      maxBytes: 786000,
      secrets: { count: 1, weaknesses: [] },
      audience: false,
      encryption: { of: 'rows', migrateUntil: null, from: null },
      algorithms: {
        cookie: 'HMAC-SHA-256, 96 bits of it, over a random id of 128 and a verifier of 256 bits',
        verifier: 'SHA-256',
        rows: SEALED,
        csrf: 'HMAC-SHA-256',
        keys: 'HMAC-SHA-256',
      },
      store: {
        rotate: 900,
        grace: 5,
        onReplay: 'end',
        maxSessionsPerUser: 3,
        onLimit: 'reject',
        onUnavailable: 'anonymous-readonly',
        deadlines: { read: 0.1, write: 0.5, commit: 1, queue: 5 },
        concurrency: null,
        pollInterval: 30,
      },
      data: null,
      formerly: [],
      hints: false,
    })
  })

  test('with a store and nothing else said', () => {
    const { store, algorithms, encryption } = policyIn('test', {
      secret: SECRET,
      store: memoryStore(),
    })
    expect(store).toEqual({
      rotate: null,
      grace: 10,
      onReplay: 'report',
      maxSessionsPerUser: 1_000,
      onLimit: 'evict-oldest',
      onUnavailable: 'error',
      deadlines: { read: 0.25, write: 0.5, commit: 1, queue: 5 },
      concurrency: null,
      pollInterval: 30,
    })
    expect(algorithms['rows']).toBe('none: rows are plain text')
    expect(encryption.of).toBe('nothing')
  })

  test("with Flask's preset, of which a reviewer wants to know that it signs with SHA-1", () => {
    const options = flask({
      SECRET_KEY: SECRET,
      SECRET_KEY_FALLBACKS: [OLD_SECRET],
      SESSION_COOKIE_PATH: '/app',
      PERMANENT_SESSION_LIFETIME: 600,
    })
    expect(policyIn('production', options)).toEqual({
      backend: 'cookie',
      format: 'flask',
      cookie: {
        name: 'session',
        domain: null,
        path: '/app',
        httpOnly: true,
        secure: false,
        sameSite: null,
        partitioned: false,
      },
      lifetime: {
        idle: 600,
        permanent: 600,
        absolute: null,
        anonymous: null,
        assuranceLevel: null,
      },
      maxBytes: 4093,
      secrets: { count: 2, weaknesses: [] },
      audience: false,
      encryption: { of: 'nothing', migrateUntil: null, from: null },
      algorithms: { cookie: "HMAC-SHA-1 (Flask's)", keys: "HMAC-SHA-1 (Flask's)" },
      store: null,
      data: null,
      formerly: [],
      hints: false,
    })
  })
})

describe('a policy can be kept and passed on', () => {
  const policy = createSessions({
    secret: [SECRET, OLD_SECRET],
    store: memoryStore(),
    audience: 'a-name-of-the-app',
  }).describePolicy()

  test('it is JSON as it stands', () => {
    expect(JSON.parse(JSON.stringify(policy))).toEqual(policy)
  })

  test('it holds no secret', () => {
    const text = JSON.stringify(policy)
    for (const secret of [SECRET, OLD_SECRET]) {
      expect(text).not.toContain(secret)
      expect(text).not.toContain(Buffer.from(secret).toString('base64url'))
    }
  })

  test('who was given it changes nobody else’s', () => {
    for (const part of [policy, ...Object.values(policy)]) {
      if (typeof part === 'object' && part !== null) expect(Object.isFrozen(part)).toBe(true)
    }
    expect(Object.isFrozen(policy.store?.deadlines)).toBe(true)
    expect(Object.isFrozen(policy.secrets.weaknesses)).toBe(true)
  })
})
