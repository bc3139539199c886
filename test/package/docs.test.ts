import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { blocksOf, compile, misquoted, pages } from './blocks.ts'
import { manifest, root, text } from './repository.ts'

describe('the documentation', () => {
  it('is written from test files that exist, where it lists the tested clients', () => {
    const script = text('scripts/clients.mjs')
    const named = [...script.matchAll(/'(test\/stores\/[^']+)': \[/g)].map((match) => match[1]!)
    expect(named.length).toBeGreaterThan(5)
    expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([])
  })

  it('has only programs that type-check', () => {
    // The compiler sees examples in their own place, those of frameworks with the framework.
    const blocks = pages().flatMap((page) => blocksOf(page).filter(({ quoted }) => !quoted))
    expect(blocks.length).toBeGreaterThan(5)
    expect(compile(blocks)).toEqual([])
  })

  it('quotes examples word for word', () => {
    const quotes = pages().flatMap((page) => blocksOf(page).filter(({ quoted }) => quoted))
    expect(quotes.flatMap((block) => misquoted(block))).toEqual([])
    const [wrong] = blocksOf('page.md', '```ts examples/flash.ts\nsession.flashy()\n```\n')
    expect(misquoted(wrong!)).toEqual(['page.md:2 is not in examples/flash.ts: session.flashy()'])
  })

  it('would notice a wrong one, and says on which line of which page', () => {
    const page = `# Title

\`\`\`ts
import { createSessions } from 'sojourn'
const sessions = createSessions<{ visits: number }>({ secret: 'x' })
const session = await sessions.open('')
session.set('visits', 'three')
\`\`\`

\`\`\`ts
import { redis } from 'sojourn'
\`\`\`

\`\`\`js
sessions.gte(req)
\`\`\`
`
    expect(compile(blocksOf('page.md', page))).toEqual([
      expect.stringMatching(/^page\.md:7 error TS2345/),
      expect.stringMatching(/^page\.md:11 error TS2305/),
      expect.stringMatching(/^page\.md:15 error TS2339/),
    ])
  })

  it('has only links that lead somewhere', () => {
    for (const page of [...pages(), 'CHANGELOG.md']) {
      const prose = text(page).replaceAll(/^```[^]*?^```/gm, '')
      for (const [, target] of prose.matchAll(/\]\((?!https?:|mailto:)([^)#\s]+)[^)]*\)/g)) {
        const file = normalize(join(dirname(page), target!))
        expect(existsSync(join(root, file)), `${page} links ${target}`).toBe(true)
      }
    }
  })

  it('names only commands that there are', () => {
    const { scripts } = manifest as unknown as { scripts: Record<string, string> }
    for (const page of pages()) {
      for (const [, name] of text(page).matchAll(/npm run ([\w:]+)/g)) {
        expect(Object.keys(scripts), page).toContain(name)
      }
    }
  })

  it('opens the README with the program of the design, and it is the whole program', () => {
    const [program] = blocksOf('README.md')
    expect(program!.code.trimEnd().split('\n').length).toBeLessThanOrEqual(16)
    expect(program!.code).toContain(
      'createSessions<{ visits: number }>({ secret: process.env.SESSION_SECRET })',
    )
  })
})
