/** Recognises counters: `x = (x || 0) + 1`, `x += 1`, `x = x ? x + 1 : 1`. */

import { inside, isMember, type Node, references, type Tree } from './tree.ts'

/** The function for `update`, if an assignment adds a number to what is there. */
export function addition(tree: Tree, assignment: Node, member: Node): string | undefined {
  const { operator, right } = assignment as unknown as { operator: string; right: Node }
  if (operator === '+=' || operator === '-=') {
    return right.type === 'NumericLiteral' ? step(0, operator[0]!, right['value']) : undefined
  }
  if (operator !== '=') return undefined
  const isSame = (node: Node) => textOf(tree, node) === textOf(tree, member)
  // x + 1, (x || 0) + 1, (x ?? 0) + 1
  const sum = (node: Node) => {
    if (node.type !== 'BinaryExpression' || !['+', '-'].includes(node['operator'])) return undefined
    const { left } = node as unknown as { left: Node }
    if (node['right'].type !== 'NumericLiteral') return undefined
    const by: number = node['right'].value
    if (isSame(left)) return { from: 0, sign: node['operator'] as string, by }
    if (left.type !== 'LogicalExpression' || left['operator'] === '&&') return undefined
    if (!isSame(left['left']) || left['right'].type !== 'NumericLiteral') return undefined
    return { from: left['right'].value as number, sign: node['operator'] as string, by }
  }
  const plain = sum(right)
  if (plain) return step(plain.from, plain.sign, plain.by)
  // x ? x + 1 : 1, and x + 1 || 1
  const isChoice = right.type === 'ConditionalExpression' && isSame(right['test'])
  const isEither = right.type === 'LogicalExpression' && right['operator'] === '||'
  const added = isChoice ? sum(right['consequent']) : isEither ? sum(right['left']) : undefined
  const first: Node | undefined = isChoice ? right['alternate'] : right['right']
  if (added?.sign !== '+' || first?.type !== 'NumericLiteral') return undefined
  return added.by === first['value'] ? step(0, '+', added.by) : undefined
}

function step(from: number, sign: string, by: number): string {
  return `(n = ${from}) => n ${sign} ${by}`
}

/** Whether a value is the same however often it is computed, and computing it does nothing. */
export function isRepeatable(tree: Tree, node: Node): boolean {
  return inside(node).every((it) => {
    if (it.type === 'Identifier') return !isAssigned(tree, it)
    if (it['property']?.name === 'session') return false
    return isMember(it) || PLAIN.test(it.type)
  })
}

const PLAIN =
  /^(?:(?:String|Numeric|Boolean|Null|Template)Literal|TemplateElement|(?:Object|Array)Expression|ObjectProperty)$/

function isAssigned(tree: Tree, { name }: Node): boolean {
  return references(tree, name).some((it) => {
    const parent = tree.parentOf(it)!
    return (
      parent.type === 'UpdateExpression' ||
      (parent['left'] === it && parent.type === 'AssignmentExpression')
    )
  })
}

function textOf({ source }: Tree, { start, end }: Node): string {
  return source.slice(start, end)
}
