import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { slug } from '../../site/slug.ts'
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
      for (const [, target] of proseOf(page).matchAll(
        /\]\((?!https?:|mailto:)([^)#\s]+)[^)]*\)/g,
      )) {
        const file = normalize(join(dirname(page), target!))
        expect(existsSync(join(root, file)), `${page} links ${target}`).toBe(true)
      }
    }
  })

  it('has only links to headings that there are', () => {
    const wrong = [...pages(), 'CHANGELOG.md'].flatMap((page) =>
      [...proseOf(page).matchAll(/\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)/g)].flatMap(
        ([, target, anchor]) => {
          const file = target === '' ? page : normalize(join(dirname(page), target!))
          const isThere = !file.endsWith('.md') || anchorsOf(file).has(anchor!)
          return isThere ? [] : [`${page} links ${target}#${anchor}`]
        },
      ),
    )
    expect(wrong).toEqual([])
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

function proseOf(page: string): string {
  return text(page).replaceAll(/^```[^]*?^```/gm, '')
}

/** The anchors of a page's headings; the second one of the same words ends in `-1`. */
function anchorsOf(page: string): ReadonlySet<string> {
  const anchors = new Set<string>()
  for (const [, heading] of proseOf(page).matchAll(/^#+ (.+)$/gm)) {
    const anchor = slug(heading!.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1'))
    let next = anchor
    for (let count = 1; anchors.has(next); count += 1) next = `${anchor}-${count}`
    anchors.add(next)
  }
  return anchors
}
