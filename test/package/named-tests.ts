/** The names of the tests in a file, as they stand in its source. */

import { parseAst } from 'vitest/node'

/** What a file of tests registers. */
export interface NamedTests {
  /** Each test: the titles of the `describe`s around it, then its own. */
  readonly paths: readonly (readonly string[])[]
  /** The lines of tests and `describe`s whose title is no text in the source: nobody can name them. */
  readonly unnamed: readonly number[]
}

/** A node of the syntax tree, as far as it is looked at here. */
interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [member: string]: unknown
}

// What follows one of these is a table or a condition, and the call after that has the title.
const NOT_YET = ['each', 'for', 'runIf', 'skipIf', 'extend']

/**
 * Finds the tests in a source text.
 *
 * A title is taken as it is written: `%s` and `${name}` stay, since what they become is only known
 * when the file runs.
 */
export function testsIn(source: string): NamedTests {
  const paths: string[][] = []
  const unnamed: number[] = []

  function visit(node: unknown, around: readonly string[]): void {
    if (Array.isArray(node)) {
      for (const one of node) visit(one, around)
    } else if (isNode(node)) {
      const kind = registers(node)
      if (kind === undefined) visit(Object.values(node), around)
      else register(node, kind, around)
    }
  }

  function register(node: Node, kind: string, around: readonly string[]): void {
    const [first, ...rest] = node['arguments'] as Node[]
    const title = titleOf(first, source)
    if (title === undefined) unnamed.push(source.slice(0, node.start).split('\n').length)
    const path = [...around, title ?? '']
    if (kind === 'describe') visit(rest, path)
    else if (title !== undefined) paths.push(path)
  }

  visit(parseAst(source, { lang: 'ts' }) as unknown, [])
  return { paths, unnamed }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}

/** Whether a call registers a `test` or a `describe`. */
function registers(node: Node): 'test' | 'describe' | undefined {
  if (node.type !== 'CallExpression') return undefined
  const callee = node['callee'] as Node
  const property = callee.type === 'MemberExpression' && (callee['property'] as Node)['name']
  if (NOT_YET.includes(String(property))) return undefined
  const root = rootOf(callee)
  if (root === 'describe') return 'describe'
  return root === 'test' || root === 'it' ? 'test' : undefined
}

/** `test` of `test.each(table)` and its like. */
function rootOf(node: Node): unknown {
  if (node.type === 'CallExpression') return rootOf(node['callee'] as Node)
  if (node.type === 'MemberExpression') return rootOf(node['object'] as Node)
  return node.type === 'Identifier' ? node['name'] : undefined
}

function titleOf(node: Node | undefined, source: string): string | undefined {
  if (node?.type === 'Literal' && typeof node['value'] === 'string') return node['value']
  if (node?.type === 'TemplateLiteral') return source.slice(node.start + 1, node.end - 1)
  return undefined
}
