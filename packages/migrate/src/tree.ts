/** Parses a file; finds nodes, their parents and references to names. */

import { parse, type ParserOptions } from '@babel/parser'

/** A node of Babel's tree. */
export interface Node {
  type: string
  start: number
  end: number
  [property: string]: any
}

/** A parsed file. */
export interface Tree {
  program: Node
  source: string
  /** All nodes, each before those inside it. */
  nodes: readonly Node[]
  parentOf(node: Node): Node | undefined
  /** The nodes around a node, the nearest first. */
  around(node: Node): Node[]
}

/** Parses a file. Its extension decides the language. @throws SyntaxError with `loc` */
export function parseFile(path: string, source: string): Tree {
  const typed = /\.[cm]?tsx?$/.test(path)
  const plugins: NonNullable<ParserOptions['plugins']> = ['decorators-legacy']
  if (typed) plugins.push('typescript')
  if (!typed || path.endsWith('x')) plugins.push('jsx')
  const file = parse(source, {
    sourceType: 'unambiguous',
    allowReturnOutsideFunction: true,
    allowAwaitOutsideFunction: true,
    plugins,
  })
  return treeOf((file as unknown as { program: Node }).program, source)
}

function treeOf(program: Node, source: string): Tree {
  const parents = new Map<Node, Node>()
  const nodes: Node[] = []
  const visit = (node: Node, parent: Node | undefined) => {
    nodes.push(node)
    if (parent) parents.set(node, parent)
    for (const child of childrenOf(node)) visit(child, node)
  }
  visit(program, undefined)
  const parentOf = (node: Node) => parents.get(node)
  const around = (node: Node) => {
    const found: Node[] = []
    for (let at = parents.get(node); at; at = parents.get(at)) found.push(at)
    return found
  }
  return { program, source, nodes, parentOf, around }
}

const NOT_CHILDREN = ['leadingComments', 'trailingComments', 'innerComments', 'loc', 'extra']

function childrenOf(node: Node): Node[] {
  return Object.entries(node)
    .filter(([name]) => !NOT_CHILDREN.includes(name))
    .flatMap(([, value]) => (Array.isArray(value) ? value : [value]))
    .filter((value): value is Node => typeof value?.type === 'string')
}

/** A node and everything inside it. */
export function inside(node: Node): Node[] {
  return [node, ...childrenOf(node).flatMap((child) => inside(child))]
}

/** The node without type assertions: `req.session!`, `(req.session as any)`. */
export function bare(node: Node): Node {
  const wraps = [
    'TSNonNullExpression',
    'TSAsExpression',
    'TSSatisfiesExpression',
    'TSTypeAssertion',
  ]
  return wraps.includes(node.type) ? bare(node['expression']) : node
}

export function isFunction(node: Node): boolean {
  return /^(?:ArrowFunctionExpression|Function\w+|ObjectMethod|Class(?:Private)?Method)$/.test(
    node.type,
  )
}

/** `a.b` or `a?.b`. */
export function isMember(node: Node): boolean {
  return node.type === 'MemberExpression' || node.type === 'OptionalMemberExpression'
}

export function isCall(node: Node): boolean {
  return node.type === 'CallExpression' || node.type === 'OptionalCallExpression'
}

/** The name of a property, as `x` of `a.x`, `a['x']` and `{ x: 1 }`; `undefined` if it is computed. */
export function propertyName(node: Node): string | undefined {
  const key: Node = node['property'] ?? node['key']
  if (key.type === 'StringLiteral') return key['value']
  return key.type === 'Identifier' && !node['computed'] ? key['name'] : undefined
}

/** Whether an identifier names a variable: not a property, a label or a type's member. */
export function isReference(tree: Tree, node: Node): boolean {
  if (node.type !== 'Identifier') return false
  const parent = tree.parentOf(node)
  if (!parent) return false
  if (isMember(parent)) return parent['property'] !== node || parent['computed']
  if (/^(?:Object|Class)\w*(?:Property|Method)$/.test(parent.type)) {
    return parent['key'] !== node || parent['computed']
  }
  // `import { a }` has the name twice: as the exported and as the local name.
  if (parent.type === 'ImportSpecifier') return parent['local'] === node
  if (parent.type === 'ExportSpecifier') return parent['local'] === node
  return !/^(?:TSPropertySignature|TSMethodSignature|LabeledStatement|TSQualifiedName)$/.test(
    parent.type,
  )
}

/** The uses and declarations of a variable's name in the whole file. */
export function references(tree: Tree, name: string): Node[] {
  return tree.nodes.filter((node) => node['name'] === name && isReference(tree, node))
}

/** The first of these names that the file does not use. */
export function freeName(tree: Tree, ...wanted: readonly string[]): string {
  const isFree = (name: string) => references(tree, name).length === 0
  const first = wanted[0]!
  return wanted.find(isFree) ?? [2, 3, 4, 5, 6, 7, 8, 9].map((n) => first + n).find(isFree)!
}
