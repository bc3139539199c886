/** The prose of a Markdown page, without programs, names of code and addresses. */

import { fromMarkdown } from 'mdast-util-from-markdown'
import { gfmFromMarkdown } from 'mdast-util-gfm'
import { gfm } from 'micromark-extension-gfm'

/** A heading, a paragraph or the cell of a table. */
export interface Passage {
  kind: 'heading' | 'paragraph' | 'cell'
  text: string
  /** The line of each character of the text, as an editor counts. */
  lines: readonly number[]
}

/** What stands in the text where the page has code: one word, so that the sentence stays one. */
export const CODE = 'code'

interface Node {
  type: string
  value?: string
  children?: readonly Node[]
  position?: { start: { line: number } } | undefined
}

/** The passages of a page, in their order. Blocks of code and HTML are left out. */
export function proseOf(markdown: string): Passage[] {
  const withoutFrontMatter = markdown.replace(/^---\n[^]*?\n---\n/, blankLines)
  const tree = fromMarkdown(withoutFrontMatter, {
    extensions: [gfm()],
    mdastExtensions: [gfmFromMarkdown()],
  })
  return passages(tree)
}

function passages(node: Node): Passage[] {
  if (node.type === 'heading') return [passage('heading', node)]
  if (node.type === 'paragraph') return [passage('paragraph', node)]
  if (node.type === 'tableCell') return [passage('cell', node)]
  return (node.children ?? []).flatMap((child) => passages(child))
}

function passage(kind: Passage['kind'], block: Node): Passage {
  let text = ''
  const lines: number[] = []
  function add(part: string, firstLine: number) {
    let line = firstLine
    for (const character of part) {
      text += character === '\n' ? ' ' : character
      lines.push(...Array.from({ length: character.length }, () => line))
      if (character === '\n') line += 1
    }
  }
  function walk(node: Node) {
    const line = node.position?.start.line ?? 0
    if (node.type === 'text') add(node.value ?? '', line)
    else if (node.type === 'inlineCode') add(CODE, line)
    else if (node.type === 'break') add(' ', line)
    else if (node.type === 'html' && node.value?.startsWith('<br')) add(' ', line)
    else for (const child of node.children ?? []) walk(child)
  }
  walk(block)
  return { kind, text, lines }
}

function blankLines(text: string): string {
  return text.replaceAll(/[^\n]/g, '')
}
