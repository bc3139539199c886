/** The edits of one file, and the places that are left for a person. */

import { MagicString } from 'magic-string'
import type { Node, Tree } from './tree.ts'

/** A place that a person has to edit or to know about. */
export interface Left {
  /** The line in the edited file. */
  line: number
  what: string
  write: string
}

/** A file while it is edited. */
export interface Draft {
  readonly path: string
  readonly tree: Tree
  readonly text: MagicString
  readonly style: Style
  /** Counts one place that was rewritten. */
  changed(): void
  /** Reports a place that a person has to edit: what stands there, and what to write. */
  leave(at: Node, what: string, write: string): void
  result(): { text: string; changes: number; left: Left[] }
}

/** The code style of a file. */
export interface Style {
  /** Makes a string literal with the file's own quotes. */
  quote(text: string): string
  /** `;`, or nothing in a file that leaves it out. */
  end: ';' | ''
  newline: '\n' | '\r\n'
  /** One step of indentation. */
  step: string
  isModule: boolean
  isTyped: boolean
}

export function draftOf(path: string, tree: Tree): Draft {
  const text = new MagicString(tree.source)
  const found: { at: number; what: string; write: string }[] = []
  let changes = 0
  return {
    path,
    tree,
    text,
    style: styleOf(path, tree),
    changed: () => void (changes += 1),
    leave: (node, what, write) => void found.push({ at: node.start, what, write }),
    result: () => ({
      text: text.toString(),
      changes,
      left: found
        .toSorted((a, b) => a.at - b.at)
        .map(({ at, what, write }) => ({ line: lineOf(text, at), what, write })),
    }),
  }
}

function styleOf(path: string, { program, source, nodes }: Tree): Style {
  const strings = nodes.filter(({ type }) => type === 'StringLiteral')
  const doubled = strings.filter(({ start }) => source[start] === '"').length
  const mark = doubled * 2 > strings.length ? '"' : "'"
  const lines: Node[] = program['body'].filter(({ type }: Node) =>
    /^(?:Expression|Import|Variable)/.test(type),
  )
  const ended = lines.filter(({ end }) => source[end - 1] === ';').length
  return {
    quote: (value) => mark + value + mark,
    end: ended * 2 >= lines.length && lines.length > 0 ? ';' : '',
    newline: source.includes('\r\n') ? '\r\n' : '\n',
    step: /^(?:\t| {2,8})(?=\S)/m.exec(source)?.[0] ?? '  ',
    isModule: nodes.some(({ type }) => /^(?:Import|Export)\w*Declaration$|^TSImportEq/.test(type)),
    isTyped: /\.[cm]?tsx?$/.test(path),
  }
}

/** The line of a place after the edits. A place inside a replaced part has the line of its beginning. */
function lineOf(text: MagicString, at: number): number {
  for (let end = at; end > 0; end -= 1) {
    try {
      return text.slice(0, end).split('\n').length
    } catch {
      // This place was replaced. The character before it may still exist.
    }
  }
  return 1
}

/** The white space before a node, if nothing else stands before it on its line. */
export function indentOf(source: string, at: number): string | undefined {
  const before = source.slice(source.lastIndexOf('\n', at - 1) + 1, at)
  return /^\s*$/.test(before) ? before : undefined
}

/** The white space that the line of a place begins with. */
export function lineIndent(source: string, at: number): string {
  return /^[ \t]*/.exec(source.slice(source.lastIndexOf('\n', at - 1) + 1))![0]
}

/** Whether code that begins here would continue the line before, if that has no semicolon. */
export function joinsLine(source: string, at: number): boolean {
  return /^\s*[([`/+-]/.test(source.slice(at, at + 200))
}

/** Puts a statement before another one. */
export function insertBefore(draft: Draft, statement: Node, code: string): void {
  const { text, style, tree } = draft
  const indent = indentOf(tree.source, statement.start)
  // Without a semicolon a parenthesis on the next line would be a call.
  const end = indent === undefined || joinsLine(tree.source, statement.start) ? ';' : style.end
  const gap = indent === undefined ? `${end} ` : end + style.newline + indent
  text.appendLeft(statement.start, code + gap)
}

/** Removes statements with their lines. */
export function removeStatements(
  { text, tree: { source } }: Draft,
  statements: readonly Node[],
): void {
  let last = { from: -1, to: -1 }
  for (const { start, end } of statements.toSorted((a, b) => a.start - b.start)) {
    const indent = indentOf(source, start)
    const rest = /^[ \t]*(?:\r?\n|$)/.exec(source.slice(end))
    if (indent === undefined || !rest) {
      text.remove(start, end)
      continue
    }
    const from = start - indent.length
    let to = end + rest[0].length
    const top = from === last.to ? last.from : from
    // Also removes one of two blank lines.
    const isBelowBlank = top === 0 || /\n\r?\n$/.test(source.slice(0, top))
    if (isBelowBlank) to += /^\r?\n|^/.exec(source.slice(to))![0].length
    text.remove(from, to)
    last = { from: top, to }
  }
}
