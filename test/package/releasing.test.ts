import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { manifest, root, text } from './repository.ts'

const script = join(root, 'scripts/releasable.mjs')
const { missingFields, OWNERS_FIELDS } = (await import(pathToFileURL(script).href)) as {
  missingFields: (of: object) => string[]
  OWNERS_FIELDS: readonly string[]
}

it('RELEASING.md says what the owner has to fill in', () => {
  const page = text('RELEASING.md')
  for (const field of OWNERS_FIELDS) expect(page).toContain(`| \`${field}\` |`)
})

it('publishing is refused while something is missing, and the refusal names it', () => {
  const missing = missingFields(manifest)
  const { status, stderr } = spawnSync(process.execPath, [script])
  expect(status).toBe(missing.length > 0 ? 1 : 0)
  for (const field of missing) expect(String(stderr)).toContain(field)
  expect(text('package.json')).toContain('"prepublishOnly": "node scripts/releasable.mjs"')
})

it('nothing is missing from a complete manifest', () => {
  const complete = { repository: {}, homepage: 'x', bugs: 'x', publishConfig: { provenance: true } }
  expect(missingFields(complete)).toEqual([])
  expect(missingFields({})).toEqual(OWNERS_FIELDS)
})

// A reminder in the summary of each run, until the owner has filled them in.
// oxlint-disable-next-line vitest/warn-todo -- a reminder is wanted: only the owner knows these values
for (const field of missingFields(manifest)) it.todo(`package.json has ${field}: see RELEASING.md`)
