import { expect, test } from 'vitest'
import { appOn, json, moduleOf, runOn, SECRET, signIn, sqlitePlace, userOf } from './places.ts'
import type { Ran } from '../command.ts'

const OTHER = '9b2e64d07a1c4f358e0dcb7719f6a8e35d40c2b8'

/** Two visitors of an app whose rows are encrypted, and the command on its module. */
async function encrypted(options: Parameters<typeof appOn>[1] = {}) {
  const place = await sqlitePlace()
  const given = { encrypt: true, ...options }
  const app = appOn(place, given)
  const phone = await signIn(app, 'ada', 'Phone')
  const laptop = await signIn(app, 'ada', 'Laptop')
  const users = () => Promise.all([phone, laptop].map((visitor) => userOf(app, visitor)))
  const command = (args: string[], env: Record<string, string> = {}) => {
    return runOn(moduleOf(place.opens, given), [], args, { env: { ...place.env, ...env } })
  }
  return { place, phone, laptop, users, command }
}

function expectNoSecret({ out, err }: Ran) {
  for (const secret of [SECRET, OTHER, 'a-value-of-the-app'])
    expect(out + err).not.toContain(secret)
}

test.each([
  ['SESSION_SECRET', {}],
  ['SESSION_SECRET_PREVIOUS', {}],
  ['SESSION_SECRET', { audience: 'shop' }],
  ['SESSION_SECRET', { cookie: { name: '__Host-sid', secure: true } }],
])(
  'list reads encrypted rows as the app does, with its secret in %s: %j',
  async (variable, options) => {
    const { command, phone, laptop } = await encrypted(options)
    const env = { SESSION_SECRET: OTHER, [variable]: SECRET }
    const listed = await command(['list', 'ada', '--json'], env)
    expect(listed).toMatchObject({ code: 0, err: '' })
    expect(json(listed)).toMatchObject({
      sessions: [
        { handle: phone.handle, label: 'Phone' },
        { handle: laptop.handle, label: 'Laptop' },
      ],
    })
    expectNoSecret(listed)
  },
)

test('sessions under a secret that the app no longer has are not listed, and not deleted', async () => {
  const { command, users } = await encrypted()
  const listed = await command(['list', 'ada', '--json'], { SESSION_SECRET: OTHER })
  expect(json(listed)).toEqual({ sessions: [] })
  expect(await users()).toEqual(['ada', 'ada'])
})

test('rows from before encryption are listed beside the others', async () => {
  const place = await sqlitePlace()
  await signIn(appOn(place), 'ada', 'Before')
  const encrypt = { migrateUntil: '2999-01-01' }
  await signIn(appOn(place, { encrypt }), 'ada', 'After')
  const module = moduleOf(place.opens, { encrypt })
  const listed = await runOn(module, [], ['list', 'ada', '--json'], place)
  expect(json(listed)).toMatchObject({ sessions: [{ label: 'Before' }, { label: 'After' }] })
})

test('a session that cannot be read is ended by its handle all the same', async () => {
  const { command, phone, users } = await encrypted()
  const revoke = () => command(['revoke', 'ada', phone.handle], { SESSION_SECRET: OTHER })
  expect(await revoke()).toEqual({ code: 0, out: 'Ended 1 session.\n', err: '' })
  expect(await users()).toEqual([undefined, 'ada'])
  expect(await revoke()).toMatchObject({ code: 1 })
})

test('--except leaves an encrypted session', async () => {
  const { command, laptop, users } = await encrypted()
  const others = await command(['revoke', 'ada', '--all', '--except', laptop.handle])
  expect(others).toEqual({ code: 0, out: 'Ended 1 session.\n', err: '' })
  expect(await users()).toEqual([undefined, 'ada'])
})

test('prune deletes encrypted rows that are over, and no others', async () => {
  const { place, command, users } = await encrypted()
  expect(await command(['prune'])).toMatchObject({ code: 0, out: 'Deleted 0 rows.\n' })
  expect(await users()).toEqual(['ada', 'ada'])
  await place.age()
  expect((await command(['prune'])).out).toMatch(/^Deleted [1-9]\d* rows\.\n$/)
  expect(await users()).toEqual([undefined, undefined])
})

test('without a secret the app refuses, and so does the command', async () => {
  const { command } = await encrypted()
  const ran = await command(['list', 'ada'], { SESSION_SECRET: '' })
  expect(ran).toMatchObject({ code: 1, out: '', err: expect.stringContaining('No secret') })
  expectNoSecret(ran)
})
