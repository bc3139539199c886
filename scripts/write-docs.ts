/** Writes the generated pages and parts of docs/. */

import { readFileSync, writeFileSync } from 'node:fs'
import { bundleSizesPage } from './bundle-sizes.ts'
import { architecturePage, errorsPage } from './render.ts'

writeFileSync('docs/errors.md', errorsPage())
writeFileSync('docs/bundle-sizes.md', await bundleSizesPage())
const page = 'docs/architecture.md'
writeFileSync(page, architecturePage(readFileSync(page, 'utf8')))
console.log('docs/errors.md, docs/bundle-sizes.md and docs/architecture.md are up to date')
