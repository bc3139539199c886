/** Which error codes a function throws by itself, as far as its source shows it. */

import { type Node, resolve, statementsOf } from './public-api.ts'

const known = new Map<string, Set<string>>()

/**
 * The codes that a function of src throws when it is called: its own, and those of the functions of
 * src that it calls by name. Not those of methods, of functions inside it that run later, and of what
 * is in a `try`.
 */
export function thrownCodes(file: string, name: string): ReadonlySet<string> {
  const key = `${file} ${name}`
  const before = known.get(key)
  if (before) return before
  const codes = new Set<string>()
  // Set before it is complete: functions may call each other.
  known.set(key, codes)
  for (const body of bodiesOf(file, name)) {
    for (const code of codesIn(body, file)) codes.add(code)
  }
  return codes
}

/** The same of a body, such as that of a method. */
export function codesIn(body: Node, file: string): ReadonlySet<string> {
  const codes = new Set<string>()
  walk(body, (node) => {
    const callee = node['callee'] as Node | undefined
    if (callee?.type !== 'Identifier') return
    const called = String(callee['name'])
    if (node.type === 'NewExpression' && called === 'SessionError') {
      const [code] = node['arguments'] as Node[]
      if (code?.type === 'StringLiteral') codes.add(String(code['value']))
    } else if (node.type === 'CallExpression') {
      for (const code of thrownCodes(...resolve(file, called))) codes.add(code)
    }
  })
  return codes
}

/** The bodies of a function at the top of a file. */
function bodiesOf(file: string, name: string): Node[] {
  return statementsOf(file).flatMap((statement) => {
    const own = (statement['declaration'] as Node | null | undefined) ?? statement
    const isIt = (own['id'] as Node | null | undefined)?.['name'] === name
    return isIt && own.type === 'FunctionDeclaration' ? [own['body'] as Node] : []
  })
}

const LATER = ['FunctionExpression', 'ArrowFunctionExpression', 'ObjectMethod', 'ClassMethod']

function walk(node: Node, visit: (node: Node) => void): void {
  if (node.type === 'FunctionDeclaration' || LATER.includes(node.type)) return
  visit(node)
  for (const [name, part] of Object.entries(node)) {
    // What a `try` block throws may be caught; what its `catch` throws is not.
    if (node.type === 'TryStatement' && name === 'block') continue
    for (const one of Array.isArray(part) ? part : [part]) {
      if (typeof (one as Node | null)?.type === 'string') walk(one as Node, visit)
    }
  }
}
