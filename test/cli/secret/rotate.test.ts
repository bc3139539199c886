import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { describe, expect, test } from 'vitest'
import { createSessions } from '../../../src/index.ts'
import { emptyFolder, sojourn } from '../command.ts'

const OLD = 'Zk3nVb7QxRm5tLwP9sHc2JyDf8GaE4uT'
const OLDER = 'pW7vX2qLr9TzK4mBn8YcJ5hGd3FsA6eu'
const SECRET = /^[A-Za-z0-9_-]{43}$/

/** A folder with this `.env`, and the command run in it. */
async function rotate(before: string, args: readonly string[], env: Record<string, string> = {}) {
  const cwd = emptyFolder()
  writeFileSync(join(cwd, '.env'), before, 'latin1')
  const ran = await sojourn(['secret', '--rotate', ...args], { cwd, env })
  return { ...ran, after: readFileSync(join(cwd, '.env'), 'latin1') }
}

describe('the next configuration, printed', () => {
  test('has a new secret first and the one of today behind it', async () => {
    const { code, out, after } = await rotate(`SESSION_SECRET=${OLD}\n`, ['--env', '.env'])
    expect(code).toBe(0)
    const next = parseEnv(out)
    expect(Object.keys(next)).toEqual(['SESSION_SECRET', 'SESSION_SECRET_PREVIOUS'])
    expect(next['SESSION_SECRET']).toMatch(SECRET)
    expect(next['SESSION_SECRET_PREVIOUS']).toBe(OLD)
    expect(after).toBe(`SESSION_SECRET=${OLD}\n`)
  })

  test('takes the secret from the environment where no file is named', async () => {
    const { code, out } = await rotate('', ['--name', 'SHOP_SECRET'], { SHOP_SECRET: OLD })
    expect(code).toBe(0)
    expect(parseEnv(out)).toMatchObject({ SHOP_SECRET_PREVIOUS: OLD })
  })

  test('is all there is on standard output; what to do is beside it, without a secret', async () => {
    const { out, err } = await rotate('', [], { SESSION_SECRET: OLD })
    expect(out.trim().split('\n')).toHaveLength(2)
    expect(err).not.toContain(OLD)
    expect(err).not.toContain(parseEnv(out)['SESSION_SECRET'])
    expect(err).toContain(
      'createSessions({ secret: [process.env.SESSION_SECRET, process.env.SESSION_SECRET_PREVIOUS] })',
    )
    expect(err).toContain('sessions.secretUse()')
    expect(err).toContain('exchanged')
    // Sessions with "remember me" are older than lifetime.idle.
    expect(err).toContain('the longer of lifetime.idle and lifetime.permanent')
    expect(err).toContain('If the previous secret was leaked')
  })

  test.each([`a"b ${OLD}`, `it's ${OLD}`, `#${OLD}`, `${OLD}\\n`])(
    'gives back what Node.js reads: %j',
    async (secret) => {
      const { out } = await rotate('', [], { SESSION_SECRET: secret })
      expect(parseEnv(out)['SESSION_SECRET_PREVIOUS']).toBe(secret)
    },
  )

  test("says it in Flask's words for Flask's variable", async () => {
    const { err } = await rotate('', ['--name', 'SECRET_KEY'], { SECRET_KEY: OLD })
    expect(err).toContain('SECRET_KEY_FALLBACKS: [process.env.SECRET_KEY_PREVIOUS]')
  })

  test('signs nobody out: who was here before is known after', async () => {
    const { out } = await rotate('', [], { SESSION_SECRET: OLD })
    const next = parseEnv(out)
    const before = await createSessions({ secret: OLD }).open(null)
    before.login('ada')
    const [cookie = ''] = (await before.commit()).getSetCookie()
    const ring = [next['SESSION_SECRET'], next['SESSION_SECRET_PREVIOUS']]
    const after = await createSessions({ secret: ring }).open(cookie.split(';')[0])
    expect(after.userId).toBe('ada')
  })
})

describe('--write', () => {
  test.each([
    ['SESSION_SECRET=OLD\n', 'SESSION_SECRET=NEW\nSESSION_SECRET_PREVIOUS=OLD\n'],
    ['A=1\nSESSION_SECRET=OLD', 'A=1\nSESSION_SECRET=NEW\nSESSION_SECRET_PREVIOUS=OLD\n'],
    [
      '# the app\r\n export SESSION_SECRET = "OLD" # kept\r\nB = "x y"\r\n',
      '# the app\r\n export SESSION_SECRET = NEW # kept\r\nB = "x y"\r\nSESSION_SECRET_PREVIOUS="OLD"\r\n',
    ],
    [
      "SESSION_SECRET_PREVIOUS='' # old\nSESSION_SECRET='OLD'\n\n",
      "SESSION_SECRET_PREVIOUS='OLD' # old\nSESSION_SECRET=NEW\n\n",
    ],
    [
      'SESSION_SECRET=OLD\nSESSION_SECRET_PREVIOUS=""\nB=\xff\xfe\n',
      'SESSION_SECRET=NEW\nSESSION_SECRET_PREVIOUS=OLD\nB=\xff\xfe\n',
    ],
  ])('changes two variables of %j and not a byte else', async (before, wanted) => {
    const { code, err, after } = await rotate(before.replace('OLD', OLD), ['--write', '.env'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const made = parseEnv(after)['SESSION_SECRET'] ?? ''
    expect(made).toMatch(SECRET)
    expect(after.replace(made, 'NEW').replace(OLD, 'OLD')).toBe(wanted)
  })

  test('shows neither secret', async () => {
    const { out, err, after } = await rotate(`SESSION_SECRET=${OLD}\n`, ['--write', '.env'])
    const made = parseEnv(after)['SESSION_SECRET'] ?? ''
    for (const secret of [OLD, made]) expect(out + err).not.toContain(secret)
    expect(out).toContain('Changed .env')
  })

  test.each([
    ['twice', `SESSION_SECRET=${OLD}\nSESSION_SECRET=${OLD}\n`],
    ['in several lines', `SESSION_SECRET="${OLD}\n${OLDER}"\n`],
    ['within another value', `A="\nSESSION_SECRET=${OLD}\n"\nSESSION_SECRET=${OLD}`],
  ])('leaves a file alone that gives the secret %s', async (_, before) => {
    const { code, out, err, after } = await rotate(before, ['--write', '.env'])
    expect({ code, out, after }).toEqual({ code: 1, out: '', after: before })
    expect(err).toContain('Nothing was changed')
    expect(err).not.toContain(OLD)
  })
})

const BOTH = `SESSION_SECRET=${OLD}\nSESSION_SECRET_PREVIOUS=${OLDER}\n`

test.each([
  ['--write', '.env'],
  ['--env', '.env'],
])('%s %s: a previous secret that is there is not dropped unasked', async (...args) => {
  const { code, out, err, after } = await rotate(BOTH, args)
  expect({ code, out, after }).toEqual({ code: 1, out: '', after: BOTH })
  expect(err).toContain('--drop-previous')
  for (const secret of [OLD, OLDER]) expect(err).not.toContain(secret)
})

test('--drop-previous drops it', async () => {
  const { code, after } = await rotate(BOTH, ['--write', '.env', '--drop-previous'])
  expect(code).toBe(0)
  expect(parseEnv(after)['SESSION_SECRET_PREVIOUS']).toBe(OLD)
  expect(after).not.toContain(OLDER)
})

test.each(['changeme', 'short-Xk2', 'abcabcabcabcabcabcabcabcabcabcabcabc'])(
  'the weak secret %j is not kept behind a new one: it would go on opening forged cookies',
  async (weak) => {
    const before = `SESSION_SECRET=${weak}\n`
    const { code, out, err, after } = await rotate(before, ['--write', '.env'])
    expect({ code, out, after }).toEqual({ code: 1, out: '', after: before })
    expect(err).toContain('sojourn secret --write .env')
    expect(err).not.toContain(weak)
  },
)

test.each([
  ['no file', ['--write', 'missing.env'], 'There is no file missing.env'],
  ['no secret in the file', ['--write', '.env'], 'Make a first one: sojourn secret --write .env'],
  ['no secret in the environment', [], 'sojourn secret --rotate --env .env'],
])('%s: nothing to rotate, and what to do', async (_, args, remedy) => {
  const { code, out, err } = await rotate('A=1\n', args)
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(err).toContain(remedy)
})

test.each([
  [['secret', '--env', '.env']],
  [['secret', '--drop-previous']],
  [['secret', '--rotate', '--write', '.env', '--env', '.env']],
])('%j is not understood', async (args) => {
  expect(await sojourn(args, { cwd: emptyFolder() })).toMatchObject({ code: 2, out: '' })
})
