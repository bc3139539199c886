import { describe, expect, it } from 'vitest'
import { architecturePage, captionOf, captions } from '../../scripts/render.ts'
import { text } from './repository.ts'

describe('docs/architecture.md', () => {
  it('gives every file of src its caption', () => {
    const uncaptioned = [...captions()].filter(([, caption]) => !/^[^a-z].*[.:]$/.test(caption))
    expect(uncaptioned).toEqual([])
  })

  it('says what the files say: run `npm run docs` if it does not', () => {
    const page = text('docs/architecture.md')
    expect(page).toBe(architecturePage(page))
  })

  it('takes the first docstring line, behind a #! line too', () => {
    expect(captionOf('/** One line. */\nconst x = 1')).toBe('One line.')
    expect(captionOf('#!/usr/bin/env node\n/** A command. */\n')).toBe('A command.')
    expect(captionOf('import x from "y"\n/** Too late. */\n')).toBe('')
  })
})
