/** Writes docs/errors.md and the captions in docs/architecture.md. */

import { readFileSync, writeFileSync } from 'node:fs'
import { architecturePage, errorsPage } from './render.ts'

writeFileSync('docs/errors.md', errorsPage())
const page = 'docs/architecture.md'
writeFileSync(page, architecturePage(readFileSync(page, 'utf8')))
console.log('docs/errors.md and docs/architecture.md are up to date')
