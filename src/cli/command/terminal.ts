/** Lays out columns and JSON for a terminal: text from strangers is spelled out. */

import { printable } from '../../base/printable.ts'

/** A value as JSON for programs, which a terminal shows safely too. */
export function jsonText(value: unknown): string {
  // The line ends are its own.
  return JSON.stringify(value, null, 2).split('\n').map(printable).join('\n')
}

/** Rows of as many cells each, in columns. The last one may be of any length. */
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
 * A JSON text laid out in lines. Every key and value keeps its own spelling, so `1.0`, large
 * integers and duplicate keys are shown as they are.
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
