/** The inner loop: format, lint, types, quick tests, package. npm run check, under 40 seconds. */

import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { bin, installPackages, npm, root, say, toolNode } from './machine.mjs'

installPackages()
const cache = join(root, 'node_modules', '.cache')
const began = Date.now()
const failed = []

say('Checking format, lint, types, tests and package')
await Promise.all([
  step('format', 'oxfmt', '--check', '.'),
  step('lint', 'oxlint', '--deny-warnings'),
  // What the compiler found out the last time is not found out again.
  step(
    'types',
    'tsc',
    '-p',
    'tsconfig.json',
    '--incremental',
    '--tsBuildInfoFile',
    join(cache, 'types'),
  ),
  buildAndCheck(),
])
console.log(failed.length > 0 ? `\nFailed: ${failed.join(', ')}` : '\nAll is well')
process.exitCode = failed.length > 0 ? 1 : 0

/** What reads dist/, once it is there. */
async function buildAndCheck() {
  if (!(await step('build', join(root, 'scripts', 'build.mjs')))) return
  const packed = mkdtempSync(join(root, 'node_modules', '.cache-pack-'))
  const tests = step('tests', 'vitest', 'run', '--reporter=dot')
  npm(['pack', '--ignore-scripts', '--silent', '--pack-destination', packed], { quiet: true })
  const tarball = join(packed, readdirSync(packed)[0] ?? 'none')
  await Promise.all([
    tests,
    step('knip', 'knip', '--cache', '--cache-location', join(cache, 'knip')),
    step('publint', 'publint', 'run', tarball, '--strict'),
    step('attw', 'attw', tarball, '--profile', 'esm-only', '--no-emoji', '--format', 'ascii'),
  ])
  rmSync(packed, { recursive: true, force: true })
}

/** Runs one step, and comes to whether it passed; what it printed is shown only if it failed. */
function step(name, tool, ...args) {
  return new Promise((done) => {
    const child = spawn(toolNode, [resolve(bin, tool), ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        NODE_ENV: 'test',
        QUICK_TESTS: '1',
        PATH: `${bin}${delimiter}${process.env.PATH}`,
      },
    })
    const output = []
    child.stdout.on('data', (chunk) => output.push(chunk))
    child.stderr.on('data', (chunk) => output.push(chunk))
    child.on('close', (code) => {
      const seconds = ((Date.now() - began) / 1000).toFixed(1)
      console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`)
      if (code !== 0) {
        failed.push(name)
        console.log(Buffer.concat(output).toString('utf8'))
      }
      done(code === 0)
    })
  })
}
