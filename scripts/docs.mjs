/** Writes the generated parts of docs/: npm run docs. */

import { installPackages, run, toolNode } from './machine.mjs'

installPackages()
process.exit(run(toolNode, ['scripts/write-docs.ts']))
