/** Starts the demo site: npm run demo. */

import { spawn } from 'node:child_process'
import { build } from './build.mjs'
import { installPackages, root, say, toolNode } from './machine.mjs'

installPackages()
if (build() !== 0) process.exit(1)
say('Starting the demo (end it with Ctrl+C)')
const demo = spawn(toolNode, ['demo/server.ts', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
  env: { NODE_ENV: 'development', ...process.env },
})
// Ctrl+C reaches both of us; the demo decides when it has ended.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => demo.kill('SIGTERM'))
demo.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 0 : 1)))
