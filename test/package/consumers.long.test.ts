/** The tarball in projects of other people: older compilers, CommonJS, ts-node, Jest. Needs the network. */

import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root, subpaths } from './repository.ts'

const run = promisify(execFile)
const folder = mkdtempSync(join(tmpdir(), 'sojourn-consumer-'))
const compilers = { '5.4': '5.4.5', '5.9': '5.9.3', '7': '7.0.2' }
type Compiler = keyof typeof compilers

/** What each compiler cannot read: a name in quotes in an export needs TypeScript 5.6. */
const UNREADABLE: Partial<Record<Compiler, string>> = { '5.4': './express-session' }

const programFor = (compiler: Compiler) => `
import { createSessions } from 'sojourn'
import { withSessions } from 'sojourn/fetch'
${subpaths
  .filter(({ subpath }) => subpath !== UNREADABLE[compiler])
  .map(({ subpath }) => `import {} from 'sojourn${subpath.slice(1)}'`)
  .join('\n')}
const sessions = createSessions<{ visits: number }>({ secret: 'pW7vX2qLr9TzK4mBn8YcJ5hGd3FsA6eu' })
const handler = withSessions(sessions, async (request) => {
  const session = await sessions.get(request)
  return new Response('visits ' + session.update('visits', (n = 0) => n + 1))
})
void Promise.resolve(handler(new Request('https://localhost/')))
  .then((response) => response.text())
  .then((text) => console.log(text))
`

const TEST = `import { createSessions } from 'sojourn'
test('a session', async () => {
  const session = await createSessions({ secret: 'pW7vX2qLr9TzK4mBn8YcJ5hGd3FsA6eu' }).open(null)
  session.set('when', new Date(5)).set('bytes', new Uint8Array(2)).set('cart', { a: [1] })
  expect((await session.commit()).getSetCookie()).toHaveLength(1)
})
`

/** From docs/guide/commonjs.md. */
const JEST_CONFIG = `module.exports = {
  transform: { '^.+\\\\.[jt]s$': ['ts-jest', { diagnostics: false, tsconfig: { allowJs: true, target: 'es2022', module: 'commonjs', moduleResolution: 'node10' } }] },
  transformIgnorePatterns: ['/node_modules/(?!sojourn/)'],
}
`

const node = (program: string, ...args: string[]) =>
  run(process.execPath, [join(folder, program), ...args], { cwd: folder })
const OPTIONS =
  '--strict --target es2022 --lib es2022,dom --types node --skipLibCheck --outDir out'.split(' ')
const tsc = (compiler: Compiler, ...args: string[]) =>
  node(`node_modules/typescript-${compiler}/bin/tsc`, ...OPTIONS, ...args).then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout,
  )

beforeAll(async () => {
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root })
  const tarball = readdirSync(folder).find((file) => file.endsWith('.tgz'))!
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  const aliases = Object.entries(compilers).map(
    ([name, version]) => `typescript-${name}@npm:typescript@${version}`,
  )
  const others = ['typescript@5.9.3', '@types/node@24', 'ts-node@10.9.2', 'jest@30', 'ts-jest@29']
  const args = ['install', '--no-audit', '--no-fund', `./${tarball}`, ...aliases, ...others]
  await run('npm', args, { cwd: folder })
  cpSync(join(root, 'test/session/data.test-d.ts'), join(folder, 'data.mts'))
  writeFileSync(join(folder, 'esm.test.mjs'), TEST)
  writeFileSync(join(folder, 'cjs.test.ts'), TEST)
  writeFileSync(join(folder, 'jest.cjs'), JEST_CONFIG)
}, 600_000)
afterAll(() => rmSync(folder, { recursive: true }))

describe.each(Object.keys(compilers) as Compiler[])('TypeScript %s', (compiler) => {
  beforeAll(() => writeFileSync(join(folder, 'app.ts'), programFor(compiler)))

  it('accepts the types that describe data, and refuses what cannot be stored', async () => {
    const told = await tsc(compiler, '--noEmit', '--module', 'nodenext', 'data.mts')
    expect(told).toBe('')
  })

  it('compiles a CommonJS program that Node runs', async () => {
    // TypeScript 7 has no node10.
    const resolution = compiler === '7' ? 'bundler' : 'node10'
    const options = ['--module', 'commonjs', '--moduleResolution', resolution]
    expect(await tsc(compiler, ...options, 'app.ts')).toBe('')
    expect((await node('out/app.js')).stdout).toBe('visits 1\n')
  })

  it('compiles one with module nodenext, where an older module node16 refuses', async () => {
    if (compiler !== '5.4') {
      expect(await tsc(compiler, '--module', 'nodenext', 'app.ts')).toBe('')
      expect((await node('out/app.js')).stdout).toBe('visits 1\n')
    }
    if (compiler !== '7') {
      expect(await tsc(compiler, '--module', 'node16', 'app.ts')).toMatch(/TS1479/)
    }
  })
})

it('ts-node runs a CommonJS program', async () => {
  const options = { module: 'commonjs', moduleResolution: 'node10', target: 'es2022' }
  const args = ['-O', JSON.stringify({ ...options, lib: ['es2022', 'dom'], skipLibCheck: true })]
  expect((await node('node_modules/ts-node/dist/bin.js', ...args, 'app.ts')).stdout).toBe(
    'visits 1\n',
  )
})

it('Jest runs tests that are modules', async () => {
  const args = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', 'esm.test.mjs']
  const options = ['--testMatch', '**/esm.test.mjs']
  const { stderr } = await run(process.execPath, [...args, ...options], { cwd: folder })
  expect(stderr).toMatch(/1 passed/)
})

it('Jest runs compiled tests, if it compiles sojourn too', async () => {
  const { stderr } = await node('node_modules/jest/bin/jest.js', '-c', 'jest.cjs', 'cjs.test.ts')
  expect(stderr).toMatch(/1 passed/)
})
