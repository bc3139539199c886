/** Finds `req.session` in a file, and the handler that each request belongs to. */

import { bare, isFunction, isMember, type Node, propertyName, type Tree } from './tree.ts'

const REQUEST = /^_?(?:req|request)$/
const RESPONSE = /^_?(?:res|response)$/

/** One `req.session`, or `const { session } = req`. */
export interface Access {
  node: Node
  /** The function whose parameters are the request and the response. */
  handler: Node | undefined
  /** The name of the request's variable. */
  request: string
}

/** Every session of a request, in the order of the file. */
export function accessesOf(tree: Tree): Access[] {
  return tree.nodes.flatMap((node) => {
    const owner = ownerOf(node)
    if (!owner) return []
    const request = owner.type === 'Identifier' ? (owner['name'] as string) : ''
    return [{ node, request, handler: request ? handlerOf(tree, node, request) : undefined }]
  })
}

/** The request whose session a node reads. */
function ownerOf(node: Node): Node | undefined {
  if (isMember(node) && propertyName(node) === 'session') {
    const owner = bare(node['object'])
    const name = isMember(owner) ? propertyName(owner) : owner['name']
    return typeof name === 'string' && REQUEST.test(name) ? owner : undefined
  }
  if (node.type !== 'VariableDeclarator' || node['id'].type !== 'ObjectPattern') return undefined
  const takesSession = node['id'].properties.some((it: Node) => it['key']?.name === 'session')
  const { init } = node as unknown as { init: Node | null }
  return takesSession && init?.type === 'Identifier' && REQUEST.test(init['name'])
    ? init
    : undefined
}

/** The function around a node that has the request as a parameter, if the response comes next. */
function handlerOf(tree: Tree, node: Node, request: string): Node | undefined {
  const owner = tree.around(node).find((it) => isFunction(it) && parameters(it).includes(request))
  if (!owner) return undefined
  const names = parameters(owner)
  return RESPONSE.test(names[names.indexOf(request) + 1] ?? '') ? owner : undefined
}

function parameters(node: Node): string[] {
  return node['params'].map((param: Node) => (param['left'] ?? param)['name'] ?? '')
}
