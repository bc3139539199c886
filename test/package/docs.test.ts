import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { blocksOf, compile, excerptsOf, pages } from './blocks.ts'
import { manifest, root, text } from './repository.ts'

describe('the documentation', () => {
  it('is written from test files that exist, where it lists the tested clients', () => {
    const script = text('scripts/clients.mjs')
    const named = [...script.matchAll(/'(test\/stores\/[^']+)': \[/g)].map((match) => match[1]!)
    expect(named.length).toBeGreaterThan(5)
    expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([])
  })

  it('has only programs that type-check', () => {
    const blocks = pages().flatMap((page) => blocksOf(page))
    expect(blocks.length).toBeGreaterThan(5)
    expect(compile(blocks)).toEqual([])
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

  it('quotes the examples of frameworks as they are', () => {
    const excerpts = pages().flatMap((page) => excerptsOf(page))
    expect(excerpts.length).toBeGreaterThan(5)
    const lines = (code: string) => {
      const trimmed = code.split('\n').map((line) => line.trim())
      return trimmed.filter((line) => line !== '').join('\n')
    }
    for (const { page, file, code } of excerpts) {
      const parts = lines(code).split('\n// ...\n')
      for (const part of parts) expect(lines(text(file)), `${page} quotes ${file}`).toContain(part)
    }
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
