/** Lays out JSON for a terminal: text from strangers is spelled out. */

import { printable } from '../../base/printable.ts'

/** The same for JSON that was laid out in lines: the line ends stay, and it stays JSON. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
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
  const newLine = () => `\n${'  '.repeat(depth)}`
  for (const [token] of text.matchAll(TOKEN)) {
    const closes = token === '}' || token === ']'
    if (closes) depth--
    const opened = previous === '{' || previous === '['
    // An empty list or object stays on its line.
    if (opened !== closes || previous === ',') lines += newLine()
    if (token === '{' || token === '[') depth++
    lines += token === ':' ? ': ' : printable(token)
    previous = token
  }
  return lines
}
