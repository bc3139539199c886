/** Builds the documentation site into site/dist/: npm run site, or -- --dev to write pages. */

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { installPackages, root, run, toolNode } from './machine.mjs'

installPackages()
const site = join(root, 'site')
if (!existsSync(join(site, 'node_modules'))) {
  console.log("> Installing the site's own packages (npm install in site/)")
  const { status } = spawnSync('npm', ['install', '--no-audit', '--no-fund'], {
    cwd: site,
    stdio: 'inherit',
  })
  if (status !== 0) process.exit(1)
}
const isDev = process.argv.includes('--dev')
const built = run(toolNode, ['site/build.ts', ...(isDev ? ['--sources-only'] : [])])
if (built !== 0) process.exit(1)
if (isDev) run(toolNode, ['site/node_modules/vitepress/bin/vitepress.js', 'dev', 'site/.pages'])
else console.log('The site is in site/dist. To look at it: npx serve site/dist')
