#!/usr/bin/env node
/** `npm create sojourn`: copies a starter into a new folder and makes its secret. */

import { randomBytes } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { parseArgs } from 'node:util'

const USAGE = `npm create sojourn [FOLDER] [-- --template NAME]

  FOLDER              the app's folder, which must be new or empty (default: my-app)
  --template NAME     express, hono or next
`

const TEMPLATES = ['express', 'hono', 'next']
const templates = join(import.meta.dirname, 'templates')

try {
  await main()
} catch (error) {
  console.error(`create-sojourn: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { template: { type: 'string' }, help: { type: 'boolean' } },
  })
  if (values.help) {
    console.log(USAGE)
    return
  }
  const [folder = 'my-app', ...more] = positionals
  if (more.length > 0) throw new Error(`too many arguments.\n\n${USAGE}`)
  const template = values.template ?? (await askFor())
  if (!TEMPLATES.includes(template)) {
    throw new Error(`there is no template "${template}". There are: ${TEMPLATES.join(', ')}.`)
  }
  const target = resolve(folder)
  if (existsSync(target) && readdirSync(target).length > 0) {
    throw new Error(`${folder} is not empty. Choose another folder.`)
  }
  make(target, template)
  console.log(`Created ${folder} with ${template}. Next:

  cd ${folder}
  npm install
  npm run dev
`)
}

/** Asks for the template on a terminal; elsewhere returns the first one. */
async function askFor() {
  if (!process.stdin.isTTY) return TEMPLATES[0]
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  try {
    const answer = await terminal.question(`Which framework? (${TEMPLATES.join(', ')}) [express] `)
    return answer.trim().toLowerCase() || TEMPLATES[0]
  } finally {
    terminal.close()
  }
}

function make(target, template) {
  mkdirSync(target, { recursive: true })
  cpSync(join(templates, 'all'), target, { recursive: true })
  cpSync(join(templates, template), target, { recursive: true })
  // In the package they have other names: npm leaves out .gitignore, and would read package.json.
  renameSync(join(target, '_gitignore'), join(target, '.gitignore'))
  const manifest = JSON.parse(readFileSync(join(target, '_package.json'), 'utf8'))
  renameSync(join(target, '_package.json'), join(target, 'package.json'))
  const name =
    basename(target)
      .toLowerCase()
      .replace(/[^a-z0-9-]+/g, '-') || 'my-app'
  writeFileSync(join(target, 'package.json'), `${JSON.stringify({ name, ...manifest }, null, 2)}\n`)
  const secret = randomBytes(32).toString('base64url')
  const variables = `SESSION_SECRET=${secret}\nNODE_ENV=development\n`
  writeFileSync(join(target, '.env'), variables, { mode: 0o600, flag: 'wx' })
}
