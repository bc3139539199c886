/** Decides which functions may become `async`, and inserts the session into them. */

import { type Draft, insertBefore, lineIndent } from './edits.ts'
import { inside, isCall, isFunction, isMember, type Node, propertyName, type Tree } from './tree.ts'

const ROUTING = /^(?:all|get|post|put|patch|delete|options|head|use|param|route)$/

/** Why a handler cannot become `async`; `undefined` if it can, or is already. */
export function objection(tree: Tree, handler: Node): string | undefined {
  if (handler['generator']) return 'This is a generator'
  if (handler['computed']) return 'This method has a computed name'
  if (handler['kind'] && handler['kind'] !== 'method') return `This is a ${handler['kind']}`
  if (handler['async'] || isGivenToRouter(tree, handler)) return undefined
  const name = nameOf(tree, handler)
  const isCalled = tree.nodes.some((node) => isCall(node) && calledName(node) === name)
  if (name !== undefined && isCalled) return `${name}() is called in this file`
  const returns = ownReturns(handler)
  return returns.every((value) => isIgnored(value)) ? undefined : 'This function returns a value'
}

/** `app.get(path, handler)`: the router ignores what the handler returns. */
function isGivenToRouter(tree: Tree, handler: Node): boolean {
  const parent = tree.parentOf(handler)!
  const call = parent.type === 'ArrayExpression' ? tree.parentOf(parent)! : parent
  return isCall(call) && call['callee'] !== handler && ROUTING.test(calledName(call) ?? '')
}

function calledName(call: Node): string | undefined {
  const { callee } = call as unknown as { callee: Node }
  return isMember(callee) ? propertyName(callee) : callee['name']
}

function nameOf(tree: Tree, handler: Node): string | undefined {
  if (handler['id']) return handler['id'].name
  if (handler['key']) return propertyName(handler)
  const parent = tree.parentOf(handler)!
  if (parent.type === 'VariableDeclarator') return parent['id'].name
  if (parent.type === 'AssignmentExpression' && isMember(parent['left'])) {
    return propertyName(parent['left'])
  }
  return parent['key'] ? propertyName(parent) : undefined
}

/** What the function itself returns, not those inside it. */
function ownReturns(handler: Node): (Node | null)[] {
  const { body } = handler as unknown as { body: Node }
  if (body.type !== 'BlockStatement') return [body]
  const inner = inside(body).filter((node) => isFunction(node))
  return inside(body)
    .filter(({ type }) => type === 'ReturnStatement')
    .filter(({ start, end }) => !inner.some((it) => it.start <= start && end <= it.end))
    .map((node) => node['argument'])
}

/** `return`, `return res.redirect('/')`, `return next()`: no caller uses the value. */
function isIgnored(value: Node | null): boolean {
  if (!value || value['name'] === 'undefined' || value['operator'] === 'void') return true
  if (value.type === 'ConditionalExpression') {
    return isIgnored(value['consequent']) && isIgnored(value['alternate'])
  }
  if (!isCall(value)) return false
  let callee: Node = value['callee']
  while (isMember(callee) || isCall(callee)) callee = callee['object'] ?? callee['callee']
  return /^_?(?:res|response|next)$/.test(callee['name'] ?? '')
}

/**
 * Whether a node runs in a timer, or after the response was sent. express-session loses a change
 * there. Sojourn's `set` throws, and if nothing catches that error, the process ends.
 */
export function isLate(tree: Tree, node: Node): boolean {
  return tree.around(node).some((it) => {
    const call = isFunction(it) ? tree.parentOf(it) : undefined
    if (!call || !isCall(call) || call['callee'] === it) return false
    const name = calledName(call) ?? ''
    const [first] = call['arguments'] as readonly Node[]
    return (
      /^set(?:Timeout|Interval)$/.test(name) ||
      (/^(?:on|once|addListener)$/.test(name) && /^(?:finish|close)$/.test(first?.['value'] ?? ''))
    )
  })
}

/** Makes a handler `async`, and inserts the session before the first statement that uses it. */
export function giveSession(
  draft: Draft,
  handler: Node,
  uses: readonly Node[],
  code: string,
): void {
  const { text, tree, style } = draft
  if (!handler['async']) makeAsync(draft, handler)
  const { body } = handler as unknown as { body: Node }
  if (body.type === 'BlockStatement') {
    const place = placeIn(body, uses)
    return insertBefore(draft, place, code)
  }
  const arrow = tree.source.lastIndexOf('=>', body.start) + 2
  const { newline, end, step } = style
  const indent = lineIndent(tree.source, handler.start)
  const inner = newline + indent + step
  const from = arrow + /^\s*/.exec(tree.source.slice(arrow))![0].length
  text.appendLeft(from, `{${inner}${code}${end}${inner}return `)
  text.appendRight(handler.end, `${end}${newline}${indent}}`)
}

/** The first statement that uses the session; inside a `try` if all uses are, so that its `catch` applies. */
function placeIn(block: Node, uses: readonly Node[]): Node {
  const statements: Node[] = block['body']
  const holds = (node: Node) => (use: Node) => node.start <= use.start && use.start < node.end
  const first = statements.find((statement) => uses.some(holds(statement)))!
  // A function declaration can be called before its place in the file.
  if (first.type === 'FunctionDeclaration') return statements[0]!
  const isTry = first.type === 'TryStatement' && uses.every(holds(first['block']))
  return isTry ? placeIn(first['block'], uses) : first
}

function makeAsync({ text, tree }: Draft, handler: Node): void {
  const isMethod = handler.type.endsWith('Method')
  text.appendRight(isMethod ? handler['key'].start : handler.start, 'async ')
  const returned: Node | undefined = handler['returnType']?.typeAnnotation
  if (!returned || /^Promise\b/.test(tree.source.slice(returned.start, returned.end))) return
  text.appendRight(returned.start, 'Promise<')
  text.appendLeft(returned.end, '>')
}
