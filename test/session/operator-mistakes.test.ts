/** Mistakes of whoever runs an app with a store, in JavaScript, and the sentence for each. */

import { expect, test } from 'vitest'
import { createSessions } from '../../src/index.ts'
import { instrumentSessions } from '../../src/otel/otel.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { SECRET } from './visitor.ts'

const create = (options: object = {}) =>
  createSessions({ secret: SECRET, store: memoryStore(), ...options })

const sessions: any = create()

test.each<[wrote: string, work: () => unknown, sees: RegExp]>([
  ['list()', () => sessions.list(), /^list\(\) was given undefined\. Pass the user's id/],
  ['erase({ id })', () => sessions.erase({ id: 7 }), /^erase\(\) was given object/],
  ["revokeUser('')", () => sessions.revokeUser(''), /^revokeUser\(\) was given an empty string/],
  ['revoke()', () => sessions.revoke(), /^revoke\(\) was given undefined/],
  [
    'revokeUser(id, handle)',
    () => sessions.revokeUser('ada', 'FXw7C8Enst1Q805XE4Brmw'),
    /"options" has to be an object/,
  ],
  [
    'list(id, AbortSignal.timeout(500))',
    () => sessions.list('ada', new AbortController().signal),
    /"options" has to be an object\. Write \{ signal \}/,
  ],
  ['list(id, null)', () => sessions.list('ada', null), /"options" has to be an object/],
  ["prune('1h')", () => sessions.prune('1h'), /"options" has to be an object/],
  [
    'revokeUser(id, { except: session })',
    async () => sessions.revokeUser('ada', { except: await sessions.open(null) }),
    /"except" has to be the handle of a session, which is text: session\.handle/,
  ],
  [
    'revokeUser(id, { except: null })',
    () => sessions.revokeUser('ada', { except: null }),
    /"except" has to be the handle/,
  ],
  [
    'session.commit({ signal })',
    async () => (await sessions.open(null)).commit({ signal: new AbortController().signal }),
    /session\.commit\(undefined, \{ signal \}\)/,
  ],
  [
    "lifetime: { idle: '2h', anonymous: '1d' }",
    () => create({ lifetime: { idle: '2h', anonymous: '1d' } }),
    /"lifetime\.anonymous" is longer than lifetime\.idle, '2h': it only shortens/,
  ],
  [
    "lifetime: { idle: '2h', permanent: '3h', anonymous: '1d' }",
    () => create({ lifetime: { idle: '2h', permanent: '3h', anonymous: '1d' } }),
    /is longer than lifetime\.permanent, '3h'/,
  ],
  [
    "lifetime: { idle: '2h', permanent: '1h' }",
    () => create({ lifetime: { idle: '2h', permanent: '1h' } }),
    /"lifetime\.permanent" is shorter than lifetime\.idle, '2h'/,
  ],
  ["lifetime: '2h'", () => create({ lifetime: '2h' }), /an object, such as \{ idle: '2h' \}/],
  [
    'lifetime: { idle: process.env.NOT_SET } of a session',
    async () => ((await sessions.open(null)).lifetime = { idle: undefined }),
    /is not a duration: it is undefined\. Write '30m'/,
  ],
  [
    "rotate: '15min'",
    () => create({ rotate: '15min' }),
    /Write '30m', '2h' or '31d', above 0, in one of ms, s, m, h, d, w/,
  ],
  ["ttl: '1h'", () => create({ ttl: '1h' }), /is not known\. Write lifetime: \{ idle: '1d' \}/],
  ['maxSessions: 5', () => create({ maxSessions: 5 }), /Write maxSessionsPerUser/],
  ['userId: true', () => create({ userId: true }), /Write events: \{ userId: true \}/],
  [
    "prefix: 'shop'",
    () => create({ prefix: 'shop' }),
    /redisStore\(client, \{ prefix: 'shop' \}\)/,
  ],
  [
    "events: { userId: 'false' }",
    () => create({ events: { userId: 'false' } }),
    /"events\.userId" has to be true or false/,
  ],
  [
    'instrumentSessions()',
    () => instrumentSessions(undefined as never),
    /"telemetry" has to be an object, such as all of '@opentelemetry\/api'/,
  ],
  [
    'instrumentSessions(otel, sessions)',
    () => instrumentSessions({}, sessions),
    /is not known\. There are: sessions/,
  ],
  [
    'instrumentSessions(otel, { sessions })',
    () => instrumentSessions({}, { sessions }),
    /"sessions" has to be a list\. Write \{ sessions: \[sessions\] \}/,
  ],
])('%s', async (_wrote, work, sees) => {
  await expect((async () => work())()).rejects.toThrow(sees)
})

test('a change inside session.lifetime throws, since it would not be saved', async () => {
  const session = await create().open(null)
  session.lifetime = { idle: '15m' }
  const lifetime = session.lifetime as { idle?: string }
  expect(() => (lifetime.idle = '5m')).toThrow(/read only/)
  expect(session.lifetime).toEqual({ idle: '15m' })
})

test.each([
  [Object.assign(new Error('permission denied'), { code: '42501' }), 'with an error (42501)'],
  [Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }), 'with an error (ECONNREFUSED)'],
  [new Error('NOPERM this user has no permissions'), 'with an error (NOPERM)'],
  [Object.assign(new Error('as a sentence'), { code: 'as a sentence' }), 'with an error.'],
  [Object.assign(new Error('numbered'), { code: 7 }), 'with an error.'],
])(
  'a store that fails with %o says its code, since logs often lack the cause',
  async (cause, says) => {
    const inner = memoryStore()
    const store: typeof inner = { ...inner, list: () => Promise.reject(cause) }
    await expect(create({ store }).list('ada')).rejects.toThrow(`did not list: it answered ${says}`)
  },
)
