import { expect, test } from 'vitest'
import { appOn, json, project, run, SECRET, signIn, sqlitePlace, userOf } from './places.ts'
import { type Ran, sojourn } from '../command.ts'

const OTHER = '9b2e64d07a1c4f358e0dcb7719f6a8e35d40c2b8'

/** Two visitors of an app whose rows are encrypted, and the command beside it. */
async function encrypted(options: { audience?: string } = {}) {
  const place = await sqlitePlace()
  const app = appOn(place, { encrypt: true, ...options })
  const phone = await signIn(app, 'ada', 'Phone')
  const laptop = await signIn(app, 'ada', 'Laptop')
  const users = () => Promise.all([phone, laptop].map((visitor) => userOf(app, visitor)))
  const command = (args: string[], env: Record<string, string> = {}) => {
    return sojourn([...args, ...place.args], { cwd: project([]), env: { ...place.env, ...env } })
  }
  return { place, phone, laptop, users, command }
}

function expectNoSecret({ out, err }: Ran) {
  for (const secret of [SECRET, OTHER, 'a-value-of-the-app'])
    expect(out + err).not.toContain(secret)
}

test.each([
  ['SESSION_SECRET', []],
  ['SESSION_SECRET_PREVIOUS', []],
  ['MINE', ['--secret-env', 'MINE']],
])('list reads encrypted rows with the secret in %s', async (variable, args) => {
  const { command, phone, laptop } = await encrypted()
  const listed = await command(['list', 'ada', '--json', ...args], {
    SESSION_SECRET: OTHER,
    [variable]: SECRET,
  })
  expect(listed).toMatchObject({ code: 0, err: '' })
  expect(json(listed)).toMatchObject({
    sessions: [
      { handle: phone.handle, label: 'Phone' },
      { handle: laptop.handle, label: 'Laptop' },
    ],
    unreadable: [],
  })
  expectNoSecret(listed)
})

test("an app's audience is part of its keys, and so is its cookie's name", async () => {
  const { command } = await encrypted({ audience: 'shop' })
  const list = async (...args: string[]) => {
    const listed = await command(['list', 'ada', '--json', ...args], { SESSION_SECRET: SECRET })
    return (json(listed) as { sessions: unknown[] }).sessions.length
  }
  expect(await list()).toBe(0)
  expect(await list('--audience', 'shop')).toBe(2)
  expect(await list('--audience', 'shop', '--name', 'session')).toBe(2)
  expect(await list('--audience', 'shop', '--name', 'sid')).toBe(0)
})

test.each([{}, { SESSION_SECRET: OTHER }])(
  'without the right secret, list says which sessions it cannot read: %j',
  async (env: Record<string, string>) => {
    const { command, phone, laptop } = await encrypted()
    const [shown, asJson] = await Promise.all([
      command(['list', 'ada'], env),
      command(['list', 'ada', '--json'], env),
    ])
    expect(shown).toMatchObject({ code: 0, err: '' })
    expect(shown.out).toContain('no secret here opens them')
    for (const { handle } of [phone, laptop]) expect(shown.out).toContain(handle)
    expect(json(asJson)).toEqual({ sessions: [], unreadable: [phone.handle, laptop.handle] })
  },
)

test('rows from before encryption are listed beside the others', async () => {
  const place = await sqlitePlace()
  await signIn(appOn(place), 'ada', 'Before')
  await signIn(appOn(place, { encrypt: true }), 'ada', 'After')
  const env = { ...place.env, SESSION_SECRET: SECRET }
  const listed = await run({ ...place, env }, [], ['list', 'ada', '--json'])
  expect(json(listed)).toMatchObject({ sessions: [{ label: 'Before' }, { label: 'After' }] })
})

test('ending sessions needs no secret', async () => {
  const { command, phone, users } = await encrypted()
  const one = await command(['revoke', 'ada', phone.handle])
  expect(one).toEqual({ code: 0, out: 'Ended 1 session.\n', err: '' })
  expect(await users()).toEqual([undefined, 'ada'])
  const none = await command(['revoke', 'ada', phone.handle])
  expect(none).toMatchObject({ code: 1 })
})

test('--except leaves a session that cannot be read', async () => {
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

test('a variable that is not set is a mistake, and is not repeated', async () => {
  const { command } = await encrypted()
  const ran = await command(['list', 'ada', '--secret-env', OTHER])
  expect(ran).toMatchObject({ code: 2, out: '' })
  expectNoSecret(ran)
})
