import { describe, expect, it } from 'vitest'
import { errorsPage } from '../../scripts/render.ts'
import { errorCatalogue } from '../../src/base/errors.ts'
import { files, text } from './repository.ts'

const tests = files('test/**/*.test.ts')
  .filter((file) => !file.startsWith('test/package/'))
  .map((file) => text(file))

describe('the errors', () => {
  it('are all in docs/errors.md: run `npm run docs` if they are not', () => {
    expect(text('docs/errors.md')).toBe(errorsPage())
  })

  it.each(errorCatalogue().map(({ code }) => code))('%s is expected by a test', (code) => {
    expect(tests.some((test) => test.includes(code))).toBe(true)
  })

  it('say what happened, and end as a sentence does', () => {
    for (const { message } of errorCatalogue()) expect(message).toMatch(/^\S.*[.>]$/)
  })
})

describe('the events', () => {
  const union = (name: string, file: string) =>
    new RegExp(`export type ${name} =([^]*?)\\n\\n`).exec(`${text(file)}\n\n`)![1]!

  it('are all in docs/events.md, and no others', () => {
    const events =
      union('EventFacts', 'src/session/explain/events.ts') +
      union('Note', 'src/backends/backend.ts')
    const types = [...events.matchAll(/type: '([\w-]+)'/g)]
    const told = [...text('docs/events.md').matchAll(/^## `([\w-]+)`/gm)]
    expect(told.map((match) => match[1])).toEqual(types.map((match) => match[1]))
  })

  it('name every reason for a rejection in docs/events.md', () => {
    const reasons = [...union('Rejection', 'src/backends/backend.ts').matchAll(/'([\w-]+)'/g)]
    const told = [...text('docs/events.md').matchAll(/^\| `([\w-]+)` /gm)]
    expect(told.map((match) => match[1])).toEqual(reasons.map((match) => match[1]))
  })
})
