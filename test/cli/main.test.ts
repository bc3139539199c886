import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { sojourn } from './command.ts'

test('help lists all commands and what the exit codes mean', async () => {
  for (const asked of [['--help'], ['-h'], ['help']]) {
    const { code, out, err } = await sojourn(asked)
    expect(code).toBe(0)
    expect(out).toContain('sojourn secret --write .env')
    expect(out).toContain('sojourn inspect [COOKIE]')
    for (const command of ['doctor', 'schema', 'list', 'revoke', 'prune']) {
      expect(out).toContain(`\nsojourn ${command} `)
    }
    expect(out).toContain('Exit codes: 0')
    expect(err).toBe('')
  }
})

test('--version prints the version of the package, and nothing else', async () => {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  const { version } = JSON.parse(manifest) as { version: string }
  for (const asked of ['--version', '-v', 'version']) {
    expect(await sojourn([asked])).toEqual({ code: 0, out: `${version}\n`, err: '' })
  }
})

test('each command explains itself', async () => {
  expect((await sojourn(['secret', '--help'])).out).toContain('--write .env')
  expect((await sojourn(['inspect', '--help'])).out).toContain('--secret-env NAME')
  expect((await sojourn(['schema', '--help'])).out).toContain('sqlite|postgres')
  const { code, out } = await sojourn(['revoke', '--help'])
  expect(code).toBe(0)
  expect(out).toContain('--except HANDLE')
  expect(out).toContain('--export NAME')
})

test('without a command the usage goes to standard error and the exit code is 2', async () => {
  const { code, out, err } = await sojourn([])
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain('sojourn secret')
})

test('a command that does not exist is named neither in the message nor anywhere else', async () => {
  const { code, out, err } = await sojourn(['eyJwYXN0ZWQiOiJjb29raWUifQ'])
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain('secret, inspect, doctor, schema, list, revoke, prune')
  expect(err).not.toContain('eyJ')
})

test.each([
  [['secret', '--wirte', '.env']],
  [['secret', 'extra']],
  [['secret', '--write']],
  [['inspect', '--nmae', 'x', 'value']],
])('%j is not understood: exit code 2 and one line', async (args) => {
  const { code, out, err } = await sojourn(args)
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toMatch(/^sojourn: .+\n$/)
})

test('the page on the command has every command and every option that the help has', async () => {
  const { out } = await sojourn(['--help'])
  const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')
  const named = [...out.matchAll(/^sojourn [a-z]+(?= )|\[?(--[a-z-]+)/gm)].map(
    ([command, option]) => option ?? command,
  )
  expect(named.length).toBeGreaterThan(15)
  for (const name of named) expect(page).toContain(name)
})
