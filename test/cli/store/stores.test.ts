import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { rowOf } from '../../../src/backends/stored/entry.ts'
import { layoutWith } from '../../../src/session/setup/own-preset.ts'
import {
  appOn,
  json,
  listsAndEnds,
  moduleOf,
  postgresPlace,
  project,
  redisPlace,
  run,
  runOn,
  SECRET,
  signIn,
  sqlitePlace,
  userOf,
} from './places.ts'
import { sojourn } from '../command.ts'

beforeEach(() => {
  // The app says that these sessions are gone, and what these servers are not set to.
  vi.spyOn(console, 'warn').mockReturnValue()
})
afterEach(() => {
  vi.restoreAllMocks()
})

const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/

for (const name of ['redis', 'ioredis']) listsAndEnds('Redis', name, redisPlace)
listsAndEnds('PostgreSQL', 'pg', postgresPlace)

test("list shows a user's sessions as a table, and as JSON", async () => {
  const place = await sqlitePlace()
  const app = appOn(place)
  const phone = await signIn(app, 'ada', 'Phone')
  const laptop = await signIn(app, 'ada', 'Laptop \x1b[31m\u202e')
  await signIn(app, 'grace', 'Tablet')
  const [shown, asJson, nobody] = await Promise.all([
    run(place, [], ['list', 'ada']),
    run(place, [], ['list', 'ada', '--json']),
    run(place, [], ['list', 'mona']),
  ])
  expect(shown).toMatchObject({ code: 0, err: '' })
  const [heading, first, second, ...more] = shown.out.split('\n')
  expect(heading).toMatch(/^handle {18}created {15}signed in {13}last seen {13}label$/)
  const docs = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8')
  expect(docs.split('\n')).toContain(heading)
  expect(first).toMatch(new RegExp(`^${phone.handle}(?:  ${TIME.source}){3}  Phone$`))
  expect(second).toContain('Laptop \\u001b[31m\\u202e')
  expect(second).toContain(laptop.handle)
  expect(more).toEqual([''])
  const time = expect.stringMatching(TIME) as string
  const times = { createdAt: time, authenticatedAt: time, lastSeenAt: time }
  expect(json(asJson)).toEqual({
    sessions: [
      { handle: phone.handle, ...times, label: 'Phone' },
      { handle: laptop.handle, ...times, label: 'Laptop \x1b[31m\u202e' },
    ],
  })
  expect(nobody).toEqual({ code: 0, out: 'This user has no session here.\n', err: '' })
  for (const { out } of [shown, asJson]) {
    expect(out).not.toContain('\x1b')
    expect(out).not.toContain('a-value-of-the-app')
    for (const secret of phone.cookie.split('.').slice(1)) expect(out).not.toContain(secret)
  }
})

test('times that are none and a label that is a flood are listed too', async () => {
  const { store, ...place } = await sqlitePlace()
  const layout = layoutWith([])
  const label = 'A\u202e'.repeat(90)
  const record = layout.decode(`["",{},{"u":"ada","a":1e300,"l":"${label}"}]`)!
  const selector = 'one-of-a-stranger'
  const entry = {
    selector,
    verifier: 'v',
    auth: 1,
    epoch: 0,
    idle: 60,
    issued: 1,
    previous: undefined,
    record,
  }
  const now = Date.UTC(2100, 0, 1)
  await store.insert(selector, rowOf(entry, { layout }, { write: 'w', recent: [], now }))
  await store.admit('ada', selector, 0, now + 60_000, { most: 9, refuse: false })
  const { code, out, err } = await run({ store, ...place }, [], ['list', 'ada'])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u)
  const [heading = '', row = ''] = out.split('\n')
  expect(row.indexOf(' - ') + 1).toBe(heading.indexOf('created'))
  expect(row).toMatch(/^one-of-a-stranger +- +- +\d{4}-\S+Z {2}A.*…$/)
})

test('revoke ends nothing but the session that was named, and says so where there is none', async () => {
  const place = await sqlitePlace()
  const app = appOn(place)
  const [phone, other] = [await signIn(app, 'ada', 'Phone'), await signIn(app, 'grace', 'Tablet')]
  const foreign = await run(place, [], ['revoke', 'ada', other.handle, '--json'])
  expect([foreign.code, json(foreign)]).toEqual([1, { ended: 0 }])
  expect(await run(place, [], ['revoke', 'ada', phone.handle])).toMatchObject({ code: 0 })
  const again = await run(place, [], ['revoke', 'ada', phone.handle])
  expect(again).toMatchObject({ code: 1, out: expect.stringContaining('No session was ended.') })
  expect(await userOf(app, other)).toBe('grace')
})

test('revoke --all spares the one behind --except, and all of them when that is mistyped', async () => {
  const place = await sqlitePlace()
  const app = appOn(place)
  const [phone, laptop, other] = [
    await signIn(app, 'ada', 'Phone'),
    await signIn(app, 'ada', 'Laptop'),
    await signIn(app, 'grace', 'Tablet'),
  ]
  const slip = await run(place, [], ['revoke', 'ada', '--all', '--except', 'mistyped'])
  expect(slip.code).toBe(1)
  expect(await userOf(app, phone)).toBe('ada')
  const but = await run(place, [], ['revoke', 'ada', '--all', '--except', phone.handle, '--json'])
  expect([but.code, json(but)]).toEqual([0, { ended: 1 }])
  expect([await userOf(app, phone), await userOf(app, laptop)]).toEqual(['ada', undefined])
  const all = await run(place, [], ['revoke', 'ada', '--all'])
  expect(all).toEqual({ code: 0, out: 'Ended 1 session.\n', err: '' })
  expect(await userOf(app, phone)).toBeUndefined()
  expect(await userOf(app, other)).toBe('grace')
})

test('revoke --everybody asks for --yes', async () => {
  const place = await sqlitePlace()
  const app = appOn(place)
  const phone = await signIn(app, 'ada', 'Phone')
  const asked = await run(place, [], ['revoke', '--everybody'])
  expect(asked).toMatchObject({ code: 2, out: '', err: expect.stringContaining('--yes') })
  expect(await userOf(app, phone)).toBe('ada')
  const ended = await run(place, [], ['revoke', '--everybody', '--yes', '--json'])
  expect([ended.code, json(ended)]).toEqual([0, { ended: 1 }])
  expect(await userOf(app, phone)).toBeUndefined()
})

test.each([
  ['SQLite', [], sqlitePlace],
  ['PostgreSQL', ['pg'], postgresPlace],
])('prune deletes from %s what is over, and leaves what is not', async (_, packages, open) => {
  const place = await open()
  const app = appOn(place)
  await signIn(app, 'ada', 'Phone')
  await place.age()
  const fresh = await signIn(app, 'grace', 'Tablet')
  const pruned = await run(place, packages, ['prune', '--json'])
  expect(pruned).toMatchObject({ code: 0, err: '' })
  const { deleted } = json(pruned) as { deleted: number }
  expect(deleted).toBeGreaterThan(0)
  expect(await userOf(app, fresh)).toBe('grace')
  const again = await run(place, packages, ['prune'])
  expect(again).toEqual({ code: 0, out: 'Deleted 0 rows.\n', err: '' })
})

test('prune has nothing to do in Redis, and says so', async () => {
  const { code, out } = await run(await redisPlace(), ['redis'], ['prune'])
  expect(code).toBe(0)
  expect(out).toContain('by itself')
})

test('a handle that begins with "-" is no option, wherever it stands', async () => {
  const place = await sqlitePlace()
  const app = appOn(place)
  const handles: string[] = []
  while (handles.length < 3) {
    const { handle } = await signIn(app, 'ada', '')
    if (handle.startsWith('-') || handles.length > 0) handles.push(handle)
  }
  const [dashed = '', ...others] = handles
  const kept = await run(place, [], ['revoke', 'ada', '--all', '--except', dashed])
  expect(kept.code).toBe(0)
  const left = (await app.list('ada')).map(({ handle }) => handle)
  expect(left).toEqual([dashed])
  expect(others).toHaveLength(2)
  expect(await run(place, [], ['revoke', 'ada', dashed])).toMatchObject({ code: 0 })
  expect(await app.list('ada')).toEqual([])
})

test('a user id that begins with "-" stands behind "--"', async () => {
  const place = await sqlitePlace()
  await signIn(appOn(place), '-7', 'Phone')
  expect(await run(place, [], ['list', '--', '-7'])).toMatchObject({
    code: 0,
    out: expect.stringContaining('Phone'),
  })
  const mistaken = await run(place, [], ['list', '-7'])
  expect(mistaken).toMatchObject({ code: 2, err: expect.stringContaining('"--"') })
})

test('the module takes variables from a file, and finds its database from the folder it is run in', async () => {
  const place = await sqlitePlace()
  await signIn(appOn(place), 'ada', 'Phone')
  const cwd = project([], moduleOf(place.opens))
  const path = `../${place.env['DATABASE_FILE']?.split('/').slice(-2).join('/')}`
  writeFileSync(join(cwd, '.env'), `SESSION_SECRET=${SECRET}\nDATABASE_FILE='${path}'\n`)
  const args = ['list', 'sessions.mjs', 'ada', '--env', '.env']
  const ran = await sojourn(args, { cwd })
  expect(ran).toMatchObject({ code: 0, out: expect.stringContaining('Phone') })
  const missing = await sojourn([...args.slice(0, -1), 'no.env'], { cwd })
  expect(missing).toMatchObject({ code: 2, out: '', err: expect.stringContaining('--env') })
})

test('of several sessions that a module exports, --export says which', async () => {
  const place = await sqlitePlace()
  await signIn(appOn(place), 'ada', 'Phone')
  const module = moduleOf(place.opens).replace('const sessions', 'const visitors')
  const only = await runOn(module, [], ['list', 'ada'], place)
  expect(only).toMatchObject({ code: 0, out: expect.stringContaining('Phone') })
  const second = 'export const staff = createSessions({ secret: process.env.SESSION_SECRET })'
  const asked = await runOn(`${module}${second}`, [], ['list', 'ada'], place)
  expect(asked).toMatchObject({ code: 1, out: '', err: expect.stringContaining('staff, visitors') })
  const chosen = ['list', 'ada', '--export', 'visitors']
  const said = await runOn(`${module}${second}`, [], chosen, place)
  expect(said).toMatchObject({ code: 0, out: expect.stringContaining('Phone') })
})

test.each([['list', 'ada'], ['revoke', 'ada', 'h'], ['prune']])(
  'sessions in cookies have no list, and %s says so',
  async (...args) => {
    const module = moduleOf('const store = undefined')
    const ran = await runOn(module, [], args)
    expect(ran).toMatchObject({ code: 1, out: '', err: expect.stringContaining('in cookies') })
  },
)

test('an app that goes on for ever and prints is ended, and no part of the answer', async () => {
  const place = await sqlitePlace()
  await signIn(appOn(place), 'ada', 'Phone')
  const app = `import { createServer } from 'node:http'
    createServer().listen(0, '127.0.0.1'); setInterval(() => {}, 1000); console.log('listening')
    ${moduleOf(place.opens)}`
  const ran = await runOn(app, [], ['list', 'ada', '--json'], place)
  expect(ran).toMatchObject({ code: 0, err: 'listening\n' })
  expect(json(ran)).toMatchObject({ sessions: [{ label: 'Phone' }] })
})

test('a list of any length arrives whole', async () => {
  const place = await sqlitePlace()
  const app = appOn(place)
  for (let at = 0; at < 300; at++) await signIn(app, 'ada', 'L'.repeat(200))
  const ran = await run(place, [], ['list', 'ada', '--json'])
  expect(ran).toMatchObject({ code: 0, err: '' })
  expect((json(ran) as { sessions: unknown[] }).sessions).toHaveLength(300)
})

test('what revoke ends is told to the onEvent of the app', async () => {
  const place = await sqlitePlace()
  const { handle } = await signIn(appOn(place), 'ada', 'Phone')
  const listener = `({ type, userId, handle }) => console.error(type, userId, handle)`
  const module = moduleOf(place.opens).replace(
    'createSessions({',
    `createSessions({ events: { userId: true }, onEvent: ${listener},`,
  )
  const { err } = await runOn(module, [], ['revoke', 'ada', handle], place)
  expect(err).toContain(`revoked ada ${handle}`)
})
