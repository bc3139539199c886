/** Rewrites one use of `req.session` in a known form; otherwise reports what to write by hand. */

import { type Draft, joinsLine } from './edits.ts'
import { addition, isRepeatable } from './counters.ts'
import type { Access } from './requests.ts'
import { bare, inside, isCall, isMember, type Node, propertyName, type Tree } from './tree.ts'

/** A use inside a handler, and the name of the session's variable there. */
export interface Use extends Access {
  session: string
  /** All uses in the handler: another one may put an array into a variable and change it in place. */
  others: readonly Access[]
}

/** What to write in place of the members of express-session's class. */
const INSTEAD: Readonly<Record<string, string>> = {
  regenerate:
    'Write session.login(user.id) at a login, otherwise session.regenerate(). Neither takes a callback: put its code after the call',
  destroy: 'Write session.logout(). It takes no callback: put its code after the call',
  save: 'Remove the call, and run the code of the callback directly: the response waits until the session is saved',
  reload: 'Write await session.reload()',
  touch: 'Remove the call: each visit extends the session',
  resetMaxAge: 'Remove the call: each visit extends the session',
  cookie:
    'Write session.permanent = true for "remember me". Timeouts are options of createSessions',
  id: 'Write session.handle to identify a session in logs (with a store): the session id is secret',
  passport:
    'Write session.userId and session.login(user.id). To keep Passport, migrate with --to drop-in',
  req: 'Use the request itself',
}

/** Rewrites a use, and returns the node that was replaced; otherwise reports it for a person. */
export function rewrite(draft: Draft, use: Use): Node | undefined {
  const { tree } = draft
  const place = outermost(tree, use.node)
  const parent = tree.parentOf(place)!
  const replaced =
    isMember(parent) && parent['object'] === place
      ? rewriteMember(draft, use, parent)
      : rewriteWhole(draft, use, place, parent)
  if (replaced) draft.changed()
  return replaced
}

/** `if (req.session && ...)`, `'x' in req.session` and `const { x } = req.session`. */
function rewriteWhole(draft: Draft, { session }: Use, place: Node, parent: Node): Node | undefined {
  const { text, style } = draft
  if (isTested(parent, place)) {
    text.update(place.start, place.end, session)
    return place
  }
  if (parent['operator'] === 'in' && parent['left'].type === 'StringLiteral') {
    const key = style.quote(parent['left'].value)
    text.update(parent.start, parent.end, `${session}.has(${key})`)
    return parent
  }
  const gets = parent['init'] === place ? destructured(draft, session, parent['id']) : undefined
  if (gets) {
    text.update(parent.start, parent.end, gets)
    return parent
  }
  draft.leave(place, whole(draft, parent), suggestion(session, parent, place))
  return undefined
}

function suggestion(session: string, { type, left, right }: Node, place: Node): string {
  if (type === 'AssignmentExpression' && left === place) return `Write ${session}.logout()`
  const isCopied = type === 'VariableDeclarator' || right === place
  return isCopied
    ? `Use ${session} itself, with get, set and delete; for a template write Object.fromEntries(${session})`
    : `Pass ${session}, or Object.fromEntries(${session}) for all of its data`
}

function isTested({ type, left, test, operator }: Node, place: Node): boolean {
  if (type === 'LogicalExpression') return operator === '&&' && left === place
  if (type === 'IfStatement' || type === 'ConditionalExpression') return test === place
  return type === 'UnaryExpression' && operator === '!'
}

/** `{ a, b: c, d = [] }` as declarators. */
function destructured(draft: Draft, session: string, pattern: Node): string | undefined {
  const { tree, style } = draft
  if (pattern.type !== 'ObjectPattern' || pattern['typeAnnotation']) return undefined
  const parts = pattern['properties'].map((property: Node) => {
    const key = property['key'] && propertyName(property)
    const value: Node | undefined = property['value']
    const target = value?.type === 'AssignmentPattern' ? value['left'] : value
    if (!key || key in INSTEAD || target?.type !== 'Identifier') return undefined
    const fallback: Node | undefined = value?.['right']
    if (fallback && !isRepeatable(tree, fallback)) return undefined
    const rest = fallback ? `, ${tree.source.slice(fallback.start, fallback.end)}` : ''
    return `${target['name']} = ${session}.get(${style.quote(key)}${rest})`
  })
  return parts.length > 0 && !parts.includes(undefined) ? parts.join(', ') : undefined
}

/** `req.session.x`: read, assigned, deleted, counted, called. */
function rewriteMember(draft: Draft, use: Use, member: Node): Node | undefined {
  const { tree, text, style } = draft
  const { session } = use
  const name = propertyName(member)
  const place = outermost(tree, member)
  const parent = tree.parentOf(place)!
  const isStatement = tree.parentOf(parent)?.type === 'ExpressionStatement'
  const leave = (write: string) => {
    draft.leave(member, whole(draft, parent), write)
    return undefined
  }
  if (name === undefined) {
    return leave(`Write ${session}.get(key), ${session}.set(key, value) or ${session}.delete(key)`)
  }
  if (name in INSTEAD) return leave(INSTEAD[name]!)
  const key = style.quote(name)
  const replace = (node: Node, code: string) => {
    text.update(node.start, node.end, code)
    return node
  }
  const get = `${session}.get(${key})`
  if (isCall(parent) && parent['callee'] === place)
    return leave('Call the function directly: a session cannot store functions')
  if (parent.type === 'UnaryExpression' && parent['operator'] === 'delete') {
    return isStatement
      ? replace(parent, `${session}.delete(${key})`)
      : leave(`Write ${session}.delete(${key})`)
  }
  if (parent.type === 'UpdateExpression') {
    const sign = parent['operator'][0]
    const end = !parent['prefix'] && joinsLine(tree.source, parent.end) ? ';' : ''
    const update = `${session}.update(${key}, (n = 0) => n ${sign} 1)`
    return isStatement || parent['prefix']
      ? replace(parent, update + end)
      : leave(`Write ${update}. It returns the new value`)
  }
  if (parent.type === 'AssignmentExpression' && parent['left'] === place) {
    const added = addition(tree, parent, member)
    if (added) return replace(parent, `${session}.update(${key}, ${added})`)
    const isChain = bare(parent['right']).type === 'AssignmentExpression'
    if (!isStatement || isChain)
      return leave(`Write ${session}.set(${key}, value) as a statement of its own`)
    assign(draft, parent, { session, key, get: style.isTyped ? `${get}!` : get })
    return use.node
  }
  const isTarget =
    /Pattern$|^RestElement$|^For(?:In|Of)Statement$/.test(parent.type) && parent['right'] !== place
  if (isTarget || tree.parentOf(parent)?.type === 'ObjectPattern')
    return leave(`Write ${session}.set(${key}, value)`)
  if (pushed(draft, use, parent, key, member)) return use.node
  const isInner =
    style.isTyped &&
    place === member &&
    parent.type === 'MemberExpression' &&
    parent['object'] === member
  return replace(member, isInner ? `${get}!` : get)
}

/** `req.session.x = value` and `req.session.x op= value` as statements. */
function assign(
  draft: Draft,
  node: Node,
  { session, key, get }: Record<'session' | 'key' | 'get', string>,
): void {
  const { tree, text } = draft
  const { left, right, operator } = node as unknown as { left: Node; right: Node; operator: string }
  const isNothing = right['name'] === 'undefined' || right['operator'] === 'void'
  if (operator === '=' && isNothing) {
    text.update(node.start, node.end, `${session}.delete(${key})`)
    return
  }
  const from = tree.source.indexOf(operator, left.end) + operator.length
  const gap = /^[ \t]*/.exec(tree.source.slice(from))![0].length
  const isLogical = /^(?:\|\||&&|\?\?)=$/.test(operator)
  const op = operator.slice(0, -1)
  const bare = get.replace(/!$/, '')
  const start = isLogical ? `${bare} ${op} ${session}.set(${key}, ` : `${session}.set(${key}, `
  text.update(
    node.start,
    from + gap,
    operator === '=' || isLogical ? start : `${start}${get} ${op} (`,
  )
  text.appendLeft(node.end, operator === '=' || isLogical ? ')' : '))')
  if (operator === '=' && mayBeUndefined(right)) {
    const write =
      'Check that it is not undefined, unless it always exists: set throws for undefined, express-session ignores the key'
    draft.leave(right, tree.source.slice(right.start, right.end), write)
  }
}

/** Whether a value may be undefined, such as a form field that a visitor leaves out. */
function mayBeUndefined(value: Node): boolean {
  let at = bare(value)
  if (!isMember(at)) return false
  if (isMember(bare(at['object'])) && propertyName(bare(at['object'])) === 'session') return true
  while (isMember(at) && isMember(bare(at['object']))) at = bare(at['object'])
  return isMember(at) && /^(?:body|query|headers|cookies)$/.test(propertyName(at) ?? '')
}

/** `req.session.x.push(value)`: an update, unless a variable holds the array or the value may change. */
function pushed(
  draft: Draft,
  { session, others }: Use,
  parent: Node,
  code: string,
  member: Node,
): boolean {
  const { tree, text } = draft
  const call = tree.parentOf(parent)!
  if (!isMember(parent) || propertyName(parent) !== 'push' || !isCall(call)) return false
  if (call['callee'] !== parent || tree.parentOf(call)!.type !== 'ExpressionStatement') return false
  const given: Node[] = call['arguments']
  if (given.length === 0 || !given.every((it) => isRepeatable(tree, it))) return false
  const key = propertyName(member)!
  const isHeld = others.some(({ node }) => holds(tree, outermost(tree, node), key))
  if (isHeld) return false
  const names = given.flatMap((it) => inside(it)).map((it) => it['name'])
  const list = names.includes('items') ? 'list' : 'items'
  const [first, last] = [given[0]!, given.at(-1)!]
  text.update(call.start, first.start, `${session}.update(${code}, (${list} = []) => [...${list}, `)
  text.update(last.end, call.end, '])')
  return true
}

/** Whether a use stores the value of a key elsewhere: in a variable, or by passing it to a function. */
function holds(tree: Tree, session: Node, key: string): boolean {
  const member = tree.parentOf(session)!
  if (!isMember(member)) return true
  if (propertyName(member) !== key) return false
  let place = outermost(tree, member)
  let holder = tree.parentOf(place)!
  // const cart = req.session.cart || []
  while (/^(?:Logical|Conditional)/.test(holder.type) && holder['test'] !== place) {
    place = holder
    holder = tree.parentOf(place)!
  }
  if (isMember(holder) || /^(?:If|Unary|Binary|Conditional)/.test(holder.type)) return false
  if (holder.type === 'AssignmentExpression' && holder['left'] === place) {
    return holder['right'].type !== 'ArrayExpression'
  }
  // res.json(req.session.cart), res.render('cart', { cart: req.session.cart })
  const call = holder.type === 'ObjectProperty' ? tree.parentOf(tree.parentOf(holder)!)! : holder
  return !isCall(call) || !/^res(?:ponse)?$/.test(call['callee']['object']?.name ?? '')
}

/** The first line of a statement or call, shortened. */
function whole({ tree }: Draft, node: Node): string {
  const [line = ''] = tree.source.slice(node.start, node.end).split(/\r?\n/)
  return line.length > 70 ? `${line.slice(0, 69)}…` : line
}

/** The node including the type assertions around it. */
export function outermost(tree: Tree, node: Node): Node {
  const parent = tree.parentOf(node)!
  return bare(parent) === parent ? node : outermost(tree, parent)
}
