/** Formats columns and JSON for a terminal, with control characters escaped. */

import { printable } from '../../base/printable.ts'

/** A value as JSON for programs, which a terminal can show safely. */
export function jsonText(value: unknown): string {
  // Escapes each line by itself, to preserve the line ends of the layout.
  return JSON.stringify(value, null, 2).split('\n').map(printable).join('\n')
}

/** Rows with the same number of cells, in columns. The last column may have any width. */
export function columns(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(printable))
  const widths = cells[0]?.map((_, at) => Math.max(...cells.map((row) => row[at]!.length)))
  return cells
    .map((row) => row.map((text, at) => text.padEnd(at + 1 < row.length ? widths![at]! : 0)))
    .map((row) => row.join('  ').trimEnd())
    .join('\n')
}

const TOKEN = /"[^"\\]*(?:\\[^][^"\\]*)*"|[[\]{}:,]|[^\s[\]{}:,"]+/g

/**
 * Indents a JSON text. Keys and values are not parsed, so `1.0`, large integers and duplicate keys
 * are shown unchanged.
 */
export function prettyJson(text: string): string {
  let lines = ''
  let depth = 0
  let previous = ''
  for (const [token] of text.matchAll(TOKEN)) {
    const closes = token === '}' || token === ']'
    if (closes) depth--
    const opened = previous === '{' || previous === '['
    // An empty list or object stays on its line.
    if (opened !== closes || previous === ',') lines += `\n${'  '.repeat(depth)}`
    if (token === '{' || token === '[') depth++
    lines += token === ':' ? ': ' : printable(token)
    previous = token
  }
  return lines
}
