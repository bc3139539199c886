/** The terms of the glossary, and where a text uses another word than the one that the glossary has for a thing. */

import { parse } from '@babel/parser'
import { CODE, proseOf, type Passage } from '../../scripts/prose.ts'
import { text } from './repository.ts'

/** A row of docs/glossary.md. */
export interface Term {
  /** The words for the thing: mostly one, or a noun and a verb. */
  names: readonly string[]
  /** Words that mean the same and that no text uses. */
  not: readonly string[]
  /** Words of other libraries: the pages on those may use them, also if they are under `not`. */
  elsewhere: readonly string[]
}

/** A word of a text that is not the one of the glossary. */
interface Finding {
  line: number
  word: string
  term: string
}

/** The rows of the glossary. */
export function terms(markdown = text('docs/glossary.md')): Term[] {
  return markdown
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (?:term|---) /.test(line))
    .map((line) => {
      const [term, , not, elsewhere] = line.slice(1, -1).split('|')
      return { names: list(term!), not: list(not!), elsewhere: list(elsewhere!) }
    })
}

function list(cell: string): string[] {
  return cell
    .split(/[,()]/)
    .map((word) => word.trim())
    .filter((word) => word !== '')
}

/** What to look for in a text. */
export interface Dictionary {
  /** All words of the glossary, those to use as well, the longest first. */
  pattern: RegExp
  /** Words that are not to be used, and the term to use. */
  not: ReadonlyMap<string, string>
}

/** The words to look for: in texts on Sojourn alone, and in those on another library. */
export function dictionaries(rows: readonly Term[]): { ours: Dictionary; another: Dictionary } {
  const without = ({ not, elsewhere }: Term) => not.filter((word) => !elsewhere.includes(word))
  return {
    ours: dictionary(rows),
    another: dictionary(rows.map((row) => ({ ...row, not: without(row) }))),
  }
}

function dictionary(rows: readonly Term[]): Dictionary {
  const not = new Map(rows.flatMap((row) => row.not.map((word) => [word, row.names.join(', ')])))
  const words = [...rows.flatMap(({ names }) => names), ...not.keys()]
    .toSorted((one, other) => other.length - one.length)
    .map((word) => word.replaceAll(/[.+]/g, String.raw`\$&`).replaceAll(' ', String.raw`\s+`))
  return { pattern: new RegExp(String.raw`(?<![\w/-])(${words.join('|')})s?(?![\w-])`, 'gi'), not }
}

/**
 * Looks for words in a passage that are not to be used. What stands in quotation marks is a quotation.
 * In "public session identifier", a term, "session identifier" is not found: the longest word counts.
 */
function wordsInstead({ text: words, lines }: Passage, { pattern, not }: Dictionary): Finding[] {
  const prose = words.replaceAll(/"[^"]*"/g, (quoted) => ' '.repeat(quoted.length))
  return [...prose.matchAll(pattern)].flatMap(({ index, 1: found }) => {
    const written = found!.replaceAll(/\s+/g, ' ')
    // "session ID" is found in these letters only, "parallel" in all.
    const word = [written, written.toLowerCase()].find((spelling) => not.has(spelling))
    return word === undefined ? [] : [{ line: lines[index]!, word, term: not.get(word)! }]
  })
}

function reported(file: string, passages: Passage[], words: Dictionary): string[] {
  return passages
    .flatMap((passage) => wordsInstead(passage, words))
    .map(({ line, word, term }) => `${file}:${line} "${word}": the glossary says ${term}`)
}

/** Where a page uses another word than the glossary. */
export function findingsOfPage(
  page: string,
  { ours, another }: ReturnType<typeof dictionaries>,
  markdown = text(page),
): string[] {
  const isOnAnother = /^docs\/(?:moving\/|flask\.md)/.test(page)
  const passages = proseOf(page === 'docs/glossary.md' ? withoutLists(markdown) : markdown)
  return reported(page, passages, isOnAnother ? another : ours)
}

// The columns of words that are not to be used, in a page that is all table.
function withoutLists(glossary: string): string {
  return glossary.replaceAll(/^(\|[^|]*\|[^|]*\|)[^|]*\|[^|]*\|$/gm, `$1 ${CODE} | ${CODE} |`)
}

/** Where a source file does, in its comments and in its strings of more than one word. */
export function findingsOfSource(
  file: string,
  { ours, another }: ReturnType<typeof dictionaries>,
  source = text(file),
): string[] {
  const isOnAnother = /^src\/(?:flask|formerly)\/|^examples\/moving\/|express-session/.test(file)
  return reported(file, passagesOfSource(source, file.endsWith('x')), isOnAnother ? another : ours)
}

/** A token of the parser: a comment, a string, a piece of a template. */
interface Token {
  type: string | { label: string }
  value?: unknown
  loc: { start: { line: number }; end: { line: number } }
}

function passagesOfSource(source: string, isJsx: boolean): Passage[] {
  const { tokens } = parse(source, {
    sourceType: 'module',
    plugins: ['typescript', 'decorators-legacy', ...(isJsx ? (['jsx'] as const) : [])],
    tokens: true,
  })
  const texts: { value: string; line: number; end: number; isRemark: boolean }[] = []
  for (const { type, value, loc } of (tokens ?? []) as Token[]) {
    const kind = typeof type === 'string' ? type : type.label
    if (!/^Comment|^string$|^\.\.\.[$`]/.test(kind)) continue
    const before = texts.at(-1)
    const isRemark = kind === 'CommentLine'
    // Remarks of one line each, below one another, are one text.
    if (isRemark && before?.isRemark && before.end === loc.start.line - 1) {
      before.value += `\n${String(value)}`
      before.end = loc.end.line
    } else {
      texts.push({ value: String(value), line: loc.start.line, end: loc.end.line, isRemark })
    }
  }
  return texts
    .filter(({ value }) => /\S\s+\S/.test(value))
    .map(({ value, line }) => lined(value, line))
}

/** A text of a source file as a passage, without the stars of a comment, code and examples. */
function lined(value: string, firstLine: number): Passage {
  const blank = (part: string) => part.replaceAll(/[^\n]/g, ' ')
  const prose = value
    .replaceAll(/^[ \t]*\*/gm, blank)
    .replaceAll(/@example\b[^]*?(?=^\s*@\w|$(?![^]))/gm, blank)
    .replaceAll(/```[^]*?```|`[^`\n]*`|\{@\w+[^}]*\}/g, blank)
  let line = firstLine
  const lines = Array.from(prose, (character) => (character === '\n' ? line++ : line))
  return { kind: 'paragraph', text: prose, lines }
}
