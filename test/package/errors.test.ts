import { afterEach, describe, expect, it, vi } from 'vitest'
import { errorsPage } from '../../scripts/render.ts'
import { slug } from '../../site/slug.ts'
import { errorCatalogue, SessionError } from '../../src/base/errors.ts'
import { files, packedFiles, text } from './repository.ts'

const tests = files('test/**/*.test.ts')
  .filter((file) => !file.startsWith('test/package/'))
  .map((file) => text(file))

const codes = errorCatalogue().map(({ code }) => code)
const packed = packedFiles().map(({ path }) => path)

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('the errors', () => {
  it('are all in docs/errors.md with their messages: run `npm run docs` if they are not', () => {
    expect(text('docs/errors.md')).toBe(errorsPage(text('docs/errors.md')))
  })

  it('are each explained there: what it means, when it happens, what to do, and a program', () => {
    const [, ...sections] = text('docs/errors.md').split(/^### (?=ERR_)/m)
    expect(sections.map((section) => section.split('\n')[0]).toSorted()).toEqual(codes.toSorted())
    for (const section of sections) {
      const [code, status, meaning, ...rest] = section.split('\n\n')
      expect(status, code).toMatch(/^Status \d{3}\. `.+`$/)
      expect(meaning?.length, code).toBeGreaterThan(80)
      expect(rest.join('\n\n'), code).toMatch(/^When: [^]*\n\nWhat to do: [^]*\n\n```ts\n/)
    }
  })

  it('that are not explained, or do not exist, end `npm run docs`', () => {
    const page = text('docs/errors.md')
    expect(() => errorsPage(page.replace('### ERR_CSRF\n', '### Something else\n'))).toThrow(
      'Explain ERR_CSRF in docs/errors.md',
    )
    expect(() => errorsPage(`${page}\n### ERR_NOT_ONE\n\nStatus 1. \`x\`\n\n`)).toThrow(
      'There is no ERR_NOT_ONE',
    )
    const stale = page.replace('Status 403', 'Status 402')
    expect(errorsPage(stale)).toBe(page)
  })

  it.each(codes)('%s leads to its section of a file in the package, in development', (code) => {
    vi.stubEnv('NODE_ENV', 'development')
    const { message } = new SessionError(code, ...(['', '', ''] as never))
    const [, file, anchor] = /\nMore: node_modules\/sojourn\/(.+)#(.+)$/.exec(message) ?? []
    expect(packed).toContain(file)
    const headings = [...text(file!).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => slug(heading!))
    expect(headings.filter((heading) => heading === anchor)).toHaveLength(1)
  })

  it.each(codes)('%s is expected by a test', (code) => {
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
