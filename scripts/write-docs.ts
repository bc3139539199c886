/** Writes the generated pages and parts of docs/. */

import { readFileSync, writeFileSync } from 'node:fs'
import { bundleSizesPage } from './bundle-sizes.ts'
import { architecturePage, errorsPage } from './render.ts'

writeFileSync('docs/bundle-sizes.md', await bundleSizesPage())
for (const [page, render] of [
  ['docs/errors.md', errorsPage],
  ['docs/architecture.md', architecturePage],
] as const) {
  writeFileSync(page, render(readFileSync(page, 'utf8')))
}
console.log('docs/errors.md, docs/bundle-sizes.md and docs/architecture.md are up to date')
