/** The inner loop: format, lint, types, quick tests, package. npm run check, under a minute. */

import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { build } from './build.mjs'
import { bin, installPackages, npm, root, say, toolNode } from './machine.mjs'

installPackages()
if (build() !== 0) process.exit(1)
const packed = mkdtempSync(join(root, 'node_modules', '.cache-pack-'))
npm(['pack', '--ignore-scripts', '--silent', '--pack-destination', packed], { quiet: true })
const tarball = join(packed, readdirSync(packed)[0] ?? 'none')

say('Checking format, lint, types, tests and package')
const steps = [
  ['format', 'oxfmt', '--check', '.'],
  ['lint', 'oxlint', '--deny-warnings'],
  ['types', 'tsc', '-p', 'tsconfig.json'],
  ['tests', 'vitest', 'run', '--reporter=dot'],
  ['publint', 'publint', 'run', tarball, '--strict'],
  ['attw', 'attw', tarball, '--profile', 'esm-only', '--no-emoji', '--format', 'ascii'],
  ['knip', 'knip'],
]
const began = Date.now()
const codes = await Promise.all(steps.map(step))
rmSync(packed, { recursive: true, force: true })
const failed = steps.filter((_, index) => codes[index] !== 0).map(([name]) => name)
console.log(failed.length > 0 ? `\nFailed: ${failed.join(', ')}` : '\nAll is well')
process.exitCode = failed.length > 0 ? 1 : 0

/** Runs one step; what it printed is shown only if it failed. */
function step([name, tool, ...args]) {
  return new Promise((resolve) => {
    const child = spawn(toolNode, [join(bin, tool), ...args], {
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
      if (code !== 0) console.log(Buffer.concat(output).toString('utf8'))
      resolve(code)
    })
  })
}
