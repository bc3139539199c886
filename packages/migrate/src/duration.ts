/** Milliseconds as a duration: `1000 * 60 * 60 * 24` is `'1d'`. */

import type { Draft } from './edits.ts'
import type { Node, Tree } from './tree.ts'

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const

/** The code of a duration. If the number is not a constant, the code computes it at run time. */
export function durationCode({ tree, style }: Draft, node: Node): string {
  const known = valueOf(tree, node)
  if (known === undefined || !(known > 0) || !Number.isInteger(known)) {
    return `\`\${${tree.source.slice(node.start, node.end)}}ms\``
  }
  const [unit, size] = UNITS.find(([, size]) => known % size === 0)!
  return style.quote(`${known / size}${unit}`)
}

/** The value of a number literal, of a constant, or of products and sums of them. */
function valueOf(tree: Tree, node: Node, depth = 0): number | undefined {
  if (node.type === 'NumericLiteral') return node['value']
  if (node.type === 'Identifier' && depth < 5) {
    const declared = tree.nodes.filter(
      ({ type, id }) => type === 'VariableDeclarator' && id.name === node['name'],
    )
    const [only] = declared
    const isConstant = only && tree.parentOf(only)!['kind'] === 'const' && declared.length === 1
    return isConstant ? valueOf(tree, only['init'], depth + 1) : undefined
  }
  if (node.type !== 'BinaryExpression') return undefined
  const [left, right] = [valueOf(tree, node['left'], depth), valueOf(tree, node['right'], depth)]
  if (left === undefined || right === undefined) return undefined
  if (node['operator'] === '*') return left * right
  if (node['operator'] === '+') return left + right
  if (node['operator'] === '-') return left - right
  return node['operator'] === '/' ? left / right : undefined
}
