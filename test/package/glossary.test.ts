import { describe, expect, it } from 'vitest'
import { dictionaries, findingsOfPage, findingsOfSource, terms } from './glossary.ts'
import { files } from './repository.ts'

const rows = terms()
const glossary = dictionaries(rows)

// In code these are said of entries, lists and deadlines as well, and not only of sessions.
const MEANS_MORE_IN_CODE = ['is kept', 'are kept', 'was kept', 'were kept', 'is over']

// Decisions tell what was thought at the time, in the words of the time.
const pages = [
  'README.md',
  'SECURITY.md',
  'CONTRIBUTING.md',
  'RELEASING.md',
  'AGENTS.md',
  'examples/README.md',
  ...files('packages/**/*.md').filter((page) => !page.includes('node_modules')),
  ...files('docs/**/*.md').filter((page) => !page.startsWith('docs/decisions/')),
]

describe('the words of the documentation', () => {
  it.each(pages)('are those of the glossary in %s', (page) => {
    expect(findingsOfPage(page, glossary)).toEqual([])
  })

  it.each(['src', 'examples', 'packages'])(
    'are those of the glossary in the programs of %s, too',
    (folder) => {
      const inCode = rows.map((term) => ({
        ...term,
        not: term.not.filter((word) => !MEANS_MORE_IN_CODE.includes(word)),
      }))
      const words = dictionaries(inCode)
      const found = files(`${folder}/**/*.{ts,tsx,mjs}`)
        .filter((file) => !/node_modules|\.d\.ts$/.test(file))
        .flatMap((file) => findingsOfSource(file, words))
      expect(found).toEqual([])
    },
  )

  it('would be noticed if they were others, with the page, the line and the word to use', () => {
    const page = `# A page

It runs beside a parallel
request, in \`parallel\`, and "parallel" is quoted. | The old
secret signs, and its **session
ID** is in a table:

| a | b |
| --- | --- |
| fine | a session id of a public session identifier, a session identifier |

\`\`\`ts
const parallel = 'old secret'
\`\`\`
`
    expect(findingsOfPage('page.md', glossary, page)).toEqual([
      'page.md:3 "parallel": the glossary says concurrent request',
      'page.md:4 "old secret": the glossary says previous secret',
      'page.md:5 "session ID": the glossary says session id',
      'page.md:10 "session identifier": the glossary says session id',
    ])
  })

  it('may be those of another library on the pages that are about it', () => {
    const page = 'Its session ID is a sid, and parallel requests overwrite it.'
    expect(findingsOfPage('docs/moving/other.md', glossary, page)).toEqual([
      'docs/moving/other.md:1 "parallel": the glossary says concurrent request',
    ])
    expect(findingsOfPage('docs/guide/other.md', glossary, page)).toHaveLength(3)
  })

  it('would be noticed in a source, in what people read and not in names and programs', () => {
    const source = `/**
 * Ends a session for parallel
 * requests, not \`parallel\`.
 *
 * @example
 * const parallel = 'a parallel one'
 */
export const parallel = 'parallel'
// It looks for the old
// secret first.
throw new Error(\`The session ID of \${parallel} is not valid.\`)
`
    expect(findingsOfSource('src/file.ts', glossary, source)).toEqual([
      'src/file.ts:2 "parallel": the glossary says concurrent request',
      'src/file.ts:9 "old secret": the glossary says previous secret',
      'src/file.ts:11 "session ID": the glossary says session id',
    ])
  })
})

describe('the glossary', () => {
  const names = rows.flatMap((term) => term.names)

  it('is in the order of the alphabet', () => {
    const first = rows.map((term) => term.names[0]!.toLowerCase())
    expect(first.length).toBeGreaterThan(40)
    expect(first).toEqual(first.toSorted())
  })

  it('has no word for two things, and none that it tells not to use', () => {
    const not = rows.flatMap((term) => term.not)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
    expect(not.filter((word, index) => not.indexOf(word) !== index)).toEqual([])
    expect(not.filter((word) => names.includes(word))).toEqual([])
  })
})
