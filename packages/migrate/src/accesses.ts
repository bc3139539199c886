/** Rewrites one use of `req.session` where it is plain, or says what to write. */

import { type Draft, joinsLine } from './edits.ts'
import { addition, isRepeatable } from './counters.ts'
import type { Access } from './requests.ts'
import { bare, inside, isCall, isMember, type Node, propertyName, type Tree } from './tree.ts'

/** A use inside a handler, and the name that the session has there. */
export interface Use extends Access {
  session: string
  /** All uses of the handler: an array that somebody else holds is changed in place. */
  others: readonly Access[]
}

/** What Sojourn has instead of the members that no key of an app has. */
const INSTEAD: Readonly<Record<string, string>> = {
  regenerate:
    'at a login session.login(user.id), otherwise session.regenerate(); then what the callback does, without it',
  destroy: 'session.logout(), then what the callback does, without it',
  save: 'what the callback does, without it: the response waits for the save',
  reload: 'await session.reload()',
  touch: 'nothing: each visit extends a session',
  resetMaxAge: 'nothing: each visit extends a session',
  cookie: 'session.permanent = true for "remember me"; lifetimes are options of createSessions',
  id: 'nothing that is secret: with a store, session.handle identifies a session in logs',
  passport: 'session.userId and session.login(user.id): Passport itself needs --to drop-in',
  req: 'the request itself',
}

/** Rewrites a use, and returns what was replaced as a whole; otherwise it is left for a person. */
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
  if (type === 'AssignmentExpression' && left === place) return `${session}.logout()`
  const isCopied = type === 'VariableDeclarator' || right === place
  return isCopied
    ? `${session} itself, with get, set and delete; for a template Object.fromEntries(${session})`
    : `${session}, or Object.fromEntries(${session}) for all of its data`
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

/** `req.session.x` in all its roles. */
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
    return leave(`${session}.get(key), ${session}.set(key, value) or ${session}.delete(key)`)
  }
  if (name in INSTEAD) return leave(INSTEAD[name]!)
  const key = style.quote(name)
  const replace = (node: Node, code: string) => {
    text.update(node.start, node.end, code)
    return node
  }
  const get = `${session}.get(${key})`
  if (isCall(parent) && parent['callee'] === place) return leave('a function is not stored')
  if (parent.type === 'UnaryExpression' && parent['operator'] === 'delete') {
    return isStatement
      ? replace(parent, `${session}.delete(${key})`)
      : leave(`${session}.delete(${key})`)
  }
  if (parent.type === 'UpdateExpression') {
    const sign = parent['operator'][0]
    const end = !parent['prefix'] && joinsLine(tree.source, parent.end) ? ';' : ''
    const update = `${session}.update(${key}, (n = 0) => n ${sign} 1)`
    return isStatement || parent['prefix']
      ? replace(parent, update + end)
      : leave(`${update}, which returns the new value`)
  }
  if (parent.type === 'AssignmentExpression' && parent['left'] === place) {
    const added = addition(tree, parent, member)
    if (added) return replace(parent, `${session}.update(${key}, ${added})`)
    const isChain = bare(parent['right']).type === 'AssignmentExpression'
    if (!isStatement || isChain)
      return leave(`${session}.set(${key}, value) in a statement of its own`)
    assign(draft, parent, { session, key, get: style.isTyped ? `${get}!` : get })
    return use.node
  }
  const isTarget =
    /Pattern$|^RestElement$|^For(?:In|Of)Statement$/.test(parent.type) && parent['right'] !== place
  if (isTarget || tree.parentOf(parent)?.type === 'ObjectPattern')
    return leave(`${session}.set(${key}, value)`)
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
      'a check, unless it is always there: set throws for undefined, which express-session drops'
    draft.leave(right, tree.source.slice(right.start, right.end), write)
  }
}

/** What a visitor may leave out. */
function mayBeUndefined(value: Node): boolean {
  let at = bare(value)
  if (!isMember(at)) return false
  if (isMember(bare(at['object'])) && propertyName(bare(at['object'])) === 'session') return true
  while (isMember(at) && isMember(bare(at['object']))) at = bare(at['object'])
  return isMember(at) && /^(?:body|query|headers|cookies)$/.test(propertyName(at) ?? '')
}

/** `req.session.x.push(value)`: an update, unless somebody holds the array or the value may change. */
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

/** Whether a place lets somebody hold the value of a key: a variable, another function. */
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

/** The whole of a statement or call, in a line. */
function whole({ tree }: Draft, node: Node): string {
  const [line = ''] = tree.source.slice(node.start, node.end).split(/\r?\n/)
  return line.length > 70 ? `${line.slice(0, 69)}…` : line
}

/** With the type assertions around it. */
export function outermost(tree: Tree, node: Node): Node {
  const parent = tree.parentOf(node)!
  return bare(parent) === parent ? node : outermost(tree, parent)
}
