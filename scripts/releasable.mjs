/** Refuses `npm publish` while package.json lacks what only the owner can fill in: see RELEASING.md. */

import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

/** What only the owner knows, as paths into package.json. */
export const OWNERS_FIELDS = ['repository', 'homepage', 'bugs', 'publishConfig.provenance']

/** The owner's fields that a manifest lacks. */
export function missingFields(manifest) {
  return OWNERS_FIELDS.filter(
    (path) => !path.split('.').reduce((value, name) => value?.[name], manifest),
  )
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  // Of the package itself, or of another one in this repository.
  const [, , folder = '.'] = process.argv
  const file = new URL(`../${folder}/package.json`, import.meta.url)
  const manifest = JSON.parse(readFileSync(file, 'utf8'))
  const missing = missingFields(manifest)
  if (missing.length > 0) {
    console.error(`package.json lacks ${missing.join(', ')}. RELEASING.md says what to write.`)
    process.exit(1)
  }
}
