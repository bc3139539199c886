/** Where a file loads a module by `import` or `require`, and the names that it binds. */

import type { Draft } from './edits.ts'
import { isCall, type Node, type Tree } from './tree.ts'

/** A place that loads a module. */
export interface Loading {
  /** The string literal of the module's name. */
  literal: Node
  /** The variables that it binds. Under `require`, `default` is the module itself. */
  names: readonly { imported: string; local: string }[]
  /** The import, declarator or call, which is replaced if the module is. */
  place: Node
  /** The kind of `place`. `typed`: a declaration or a type, which loads nothing. */
  form: 'import' | 'declarator' | 'call' | 'typed'
}

/** Every place where a file names express-session or the drop-in replacement. */
export function sessionLoadings(tree: Tree): Loading[] {
  const names = ['express-session', 'sojourn/express-session']
  return names.flatMap((name) => loadingsOf(tree, name))
}

/** Every place where a file names a module. */
export function loadingsOf(tree: Tree, module: string): Loading[] {
  return tree.nodes.flatMap((literal) => {
    if (literal.type !== 'StringLiteral' || literal['value'] !== module) return []
    const parent = tree.parentOf(literal)!
    if (parent.type === 'ImportDeclaration') return [importOf(literal, parent)]
    if (parent.type === 'TSExternalModuleReference') {
      const place = tree.parentOf(parent)!
      const names = [{ imported: 'default', local: place['id'].name }]
      return [{ literal, names, place, form: 'import' as const }]
    }
    if (isRequire(parent, literal)) return [requireOf(tree, literal, parent)]
    const isType = /^(?:TSModuleDeclaration|TSImportType|TSLiteralType|Export\w+|Import\w+)$/
    return isType.test(parent.type) || (isCall(parent) && parent['callee'].type === 'Import')
      ? [{ literal, names: [], place: parent, form: 'typed' as const }]
      : []
  })
}

function isRequire(node: Node, literal: Node): boolean {
  return isCall(node) && node['callee'].name === 'require' && node['arguments'][0] === literal
}

function importOf(literal: Node, place: Node): Loading {
  const names = place['specifiers'].map(({ type, imported, local }: Node) => ({
    imported: type === 'ImportSpecifier' ? (imported.name ?? imported.value) : 'default',
    local: local.name,
  }))
  return { literal, names, place, form: place['importKind'] === 'type' ? 'typed' : 'import' }
}

/** `x = require('m')`, `{ a, b: c } = require('m')`, `x = require('m').default`, or only the call. */
function requireOf(tree: Tree, literal: Node, call: Node): Loading {
  let value = call
  let parent = tree.parentOf(value)!
  if (parent['property']?.name === 'default') {
    value = parent
    parent = tree.parentOf(value)!
  }
  if (parent.type !== 'VariableDeclarator') return { literal, names: [], place: call, form: 'call' }
  const { id } = parent as unknown as { id: Node }
  if (id.type === 'Identifier') {
    const names = [{ imported: 'default', local: id['name'] as string }]
    return { literal, names, place: parent, form: 'declarator' }
  }
  const properties: Node[] = id['properties'] ?? []
  const isPlain = properties.every(({ value }) => value?.type === 'Identifier')
  if (!isPlain || properties.length === 0) return { literal, names: [], place: call, form: 'call' }
  const names = properties.map(({ key, value }) => ({ imported: key.name, local: value.name }))
  return { literal, names, place: parent, form: 'declarator' }
}

/** One name to import: the name in the module, and the local name. */
export interface Wanted {
  module: string
  name: string
  local: string
}

/** The import or require statements of some names, without their ends. */
export function importCode(wanted: readonly Wanted[], { style }: Draft): string[] {
  return wanted.map(({ module, name, local }) => {
    const renamed = (as: string) => (name === local ? name : name + as + local)
    return style.isModule
      ? `import { ${renamed(' as ')} } from ${style.quote(module)}`
      : `const { ${renamed(': ')} } = require(${style.quote(module)})`
  })
}

/** The statement of a declarator, if it declares nothing else. */
export function ownStatement(tree: Tree, declarator: Node): Node | undefined {
  const parent = tree.parentOf(declarator)
  return parent?.type === 'VariableDeclaration' && parent['declarations'].length === 1
    ? parent
    : undefined
}

/** The statement at the top of the file, or of the function, that a node is in. */
export function statementOf(tree: Tree, node: Node): Node {
  const chain = [node, ...tree.around(node)]
  return chain[
    chain.findIndex((_, index) => /^(?:Program|BlockStatement)$/.test(chain[index + 1]!.type))
  ]!
}
