/**
 * How hard each page is to read, as a table in Markdown: npm run reading [-- --since COMMIT].
 *
 * The measure is the Flesch-Kincaid grade: 0.39 times the mean number of words in a sentence, plus 11.8
 * times the mean number of syllables in a word, minus 15.59. It stands for years at school.
 * With `--since`, the figures of that commit stand before those of the files as they are.
 */

import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { fleschKincaid } from 'flesch-kincaid'
import { syllable } from 'syllable'
import { proseOf } from './prose.ts'

/** More words than this make a sentence long. */
const LONG = 25

/** A test file or the title of a test, as docs/security.md names them: no prose. */
const TEST = /[\w.-]+\/[\w./-]+|"[^"]*"/g

/** A cell of a table with fewer words is a label, and no sentence. */
const CELL = 10

interface Level {
  words: number
  sentences: number
  long: number
  syllables: number
}

const NONE: Level = { words: 0, sentences: 0, long: 0, syllables: 0 }

const { since } = parseArgs({ options: { since: { type: 'string' } } }).values
const then = new Set(since ? pagesAt(since) : [])
const pages = [...new Set([...pagesNow(), ...then])].toSorted()
const measured = pages.map((page) => ({
  page,
  before: since ? levelOf(textAt(since, page)) : undefined,
  now: levelOf(existsSync(page) ? readFileSync(page, 'utf8') : ''),
}))

const titles = ['grade', 'words per sentence', 'long sentences']
const header = ['page', ...(since ? titles.map((title) => `${title} at ${since}`) : []), ...titles]
print(header)
print(header.map(() => '---'))
for (const { page, before, now } of measured) {
  print([page, ...(before ? columns(before) : []), ...columns(now)])
}
const before = measured.reduce((sum, page) => add(sum, page.before), NONE)
const now = measured.reduce((sum, page) => add(sum, page.now), NONE)
print(['all pages', ...(since ? columns(before) : []), ...columns(now)])

/** README and the like, and docs/ without the decisions, which nobody needs to use the library. */
function isPage(file: string): boolean {
  return (
    /^(?:README|SECURITY|CONTRIBUTING|RELEASING|AGENTS)\.md$/.test(file) ||
    file === 'examples/README.md' ||
    (/^docs\/.*\.md$/.test(file) && !file.startsWith('docs/decisions/'))
  )
}

function pagesNow(): string[] {
  return globSync(['*.md', 'docs/**/*.md', 'examples/README.md']).filter((file) => isPage(file))
}

function pagesAt(commit: string): string[] {
  return git('ls-tree', '-r', '--name-only', commit)
    .split('\n')
    .filter((file) => isPage(file))
}

function textAt(commit: string, page: string): string {
  return then.has(page) ? git('show', `${commit}:${page}`) : ''
}

function git(...args: string[]): string {
  return execFileSync('git', args, { encoding: 'utf8' })
}

function levelOf(markdown: string): Level {
  return proseOf(markdown)
    .filter(({ kind }) => kind !== 'heading')
    .map(({ kind, text }) => ({ kind, text: kind === 'cell' ? text.replaceAll(TEST, ' ') : text }))
    .filter(({ kind, text }) => kind !== 'cell' || wordsOf(text).length >= CELL)
    .flatMap(({ text }) => sentencesOf(text))
    .map((sentence) => wordsOf(sentence))
    .filter((words) => words.length > 0)
    .reduce<Level>(
      (sum, words) =>
        add(sum, {
          words: words.length,
          sentences: 1,
          long: words.length > LONG ? 1 : 0,
          syllables: words.reduce((count, word) => count + Math.max(1, syllable(word)), 0),
        }),
      NONE,
    )
}

// A colon or a semicolon does not end a sentence: who reads on has to remember what came before.
function sentencesOf(text: string): string[] {
  return text.split(/(?<=[.!?][)"]?)\s+(?=["(]?(?:[A-Z\d]|code\b))/)
}

function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\d]+(?:['’.-][\p{L}\d]+)*/gu) ?? []
}

function add(sum: Level, level: Level = NONE): Level {
  return {
    words: sum.words + level.words,
    sentences: sum.sentences + level.sentences,
    long: sum.long + level.long,
    syllables: sum.syllables + level.syllables,
  }
}

function columns({ words, sentences, long, syllables }: Level): string[] {
  if (sentences === 0) return ['-', '-', '-']
  const grade = fleschKincaid({ word: words, sentence: sentences, syllable: syllables })
  const share = Math.round((100 * long) / sentences)
  return [grade.toFixed(1), (words / sentences).toFixed(1), `${share} %`]
}

function print(cells: string[]) {
  console.log(`| ${cells.join(' | ')} |`)
}
