import { expect, it } from 'vitest'
import { manifest, text } from './repository.ts'

const own = JSON.parse(text('packages/migrate/package.json')) as {
  dependencies: Record<string, string>
  version: string
}

it('sojourn-migrate is released with the version of the library, and what it depends on is what is tested here', () => {
  expect(own.version).toBe((manifest as unknown as { version: string }).version)
  for (const [name, range] of Object.entries(own.dependencies)) {
    expect(range).toBe(`^${manifest.devDependencies[name]}`)
  }
})
