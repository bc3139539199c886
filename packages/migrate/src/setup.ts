/** The full migration: `app.use(session({...}))` becomes `createSessions` and its middleware. */

import { augmentations, dataType, writeDataType } from './data-type.ts'
import { type Draft, insertBefore, lineIndent } from './edits.ts'
import { dropDeclarators, insertImports, replaceImports } from './imports.ts'
import { type Loading, sessionLoadings, statementOf, type Wanted } from './modules.ts'
import { type OptionsCode, optionsCode } from './options.ts'
import { moduleOf } from './own-module.ts'
import { freeName, inside, isCall, isReference, type Node, references, type Tree } from './tree.ts'

/** Where an app makes its sessions. */
export interface Setup {
  readonly draft: Draft
  /** The variable that holds the sessions. */
  readonly name: string
  /** The statements of a module of its own; `undefined` if the options use names of this file. */
  readonly module: readonly string[] | undefined
  /** The scope of the variable, unless it comes from a module. */
  readonly block: Node
  /** Rewrites the set-up. `from`: the module that exports the sessions. */
  write(from?: string): void
}

/** Kinds of nodes with types that can be rewritten. */
const REPLACED = /^(?:ImportDeclaration|TSModuleDeclaration)$/

/** Whether a file makes the sessions of an app, or tries to. */
export function makesSessions(tree: Tree): boolean {
  return callsOf(tree).length > 0
}

function callsOf(tree: Tree): Node[] {
  const loadings = sessionLoadings(tree).filter(({ form }) => form !== 'typed')
  const locals = localsOf(loadings)
  const requires = loadings.map(({ literal }) => tree.parentOf(literal))
  return tree.nodes.filter((node) => {
    if (!isCall(node)) return false
    const { callee } = node as unknown as { callee: Node }
    return (
      requires.includes(callee) || (callee.type === 'Identifier' && locals.includes(callee['name']))
    )
  })
}

function localsOf(loadings: readonly Loading[]): string[] {
  return loadings.flatMap(({ names }) =>
    names.filter(({ imported }) => imported === 'default').map(({ local }) => local),
  )
}

/** Reads a set-up. If it cannot be rewritten, reports the reason and returns `undefined`. */
export function setupOf(draft: Draft): Setup | undefined {
  const { tree } = draft
  const calls = callsOf(tree)
  const call = calls[0]!
  if (calls.length > 1) {
    draft.leave(
      calls[1]!,
      'several calls of express-session',
      'Write a createSessions for each, with different cookie names',
    )
    return undefined
  }
  const given: Node | undefined = call['arguments'][0]
  const { options, obsolete } = optionsOf(tree, given)
  const code = optionsCode(draft, options, call)
  if (!code) return undefined
  const loadings = sessionLoadings(tree)
  const gone = [call, ...obsolete, ...code.store.obsolete, ...loadings.map(({ place }) => place)]
  const types = augmentations(tree)
  const odd = loadings.find(({ form, place }) => form === 'typed' && !REPLACED.test(place.type))
  const other = odd?.place ?? otherUse(tree, loadings, [...gone, ...types])
  if (other) {
    draft.leave(
      other,
      'another use of express-session',
      'Replace it by what Sojourn has for it, and run the command again',
    )
    return undefined
  }
  const name = freeName(tree, 'sessions', 'appSessions')
  const statement = statementOf(tree, call)
  const block = tree.parentOf(statement)!
  const data = types[0] ? dataType(types[0]) : ''
  const made = (indent: string) =>
    `createSessions${data}(${optionsText(draft, code, call, indent)})`
  return {
    draft,
    name,
    block,
    module: data === '' ? moduleOf(draft, code, made('')) : undefined,
    write(from) {
      const isInline = loadings.every(({ form }) => form === 'call' || form === 'typed')
      const middleware = freeName(tree, 'sessionMiddleware', 'sojournMiddleware')
      const { module, name: store } = code.store
      const wanted: Wanted[] = [
        from
          ? { module: from, name: 'sessions', local: name }
          : { module: 'sojourn', name: 'createSessions', local: 'createSessions' },
        { module: 'sojourn/express', name: 'sessionMiddleware', local: middleware },
      ]
      if (!from && module !== '') wanted.push({ module, name: store, local: store })
      dropDeclarators(draft, [...obsolete, ...code.store.obsolete])
      for (const type of types) writeDataType(draft, type)
      if (isInline) insertImports(draft, wanted, statement)
      else replaceImports(draft, loadings, wanted)
      if (!from)
        insertBefore(
          draft,
          statement,
          `const ${name} = ${made(lineIndent(tree.source, statement.start))}`,
        )
      writeCall(draft, call, `${middleware}(${name})`)
      draft.changed()
    },
  }
}

/** Writes the middleware, on the line of `app.use` if it is the only argument. */
function writeCall({ tree, text }: Draft, call: Node, code: string): void {
  const parent = tree.parentOf(call)!
  const before = isCall(parent) ? tree.source.slice(parent['callee'].end, call.start) : ''
  const isAlone =
    /^\(\s+$/.test(before) && /^\s*,?\s*\)$/.test(tree.source.slice(call.end, parent.end))
  if (isAlone) text.update(parent['callee'].end, parent.end, `(${code})`)
  else text.update(call.start, call.end, code)
}

/** The object of options, also if it is in a variable that has no other use. */
function optionsOf(
  tree: Tree,
  given: Node | undefined,
): { options: Node | undefined; obsolete: Node[] } {
  if (given?.type !== 'Identifier') return { options: given, obsolete: [] }
  const declarator = tree.nodes.find(
    (it) => it.type === 'VariableDeclarator' && it['init'] && it['id'].name === given['name'],
  )
  const isOwn = declarator && references(tree, given['name']).length === 2
  if (!isOwn || declarator['init'].type !== 'ObjectExpression')
    return { options: given, obsolete: [] }
  return { options: declarator['init'], obsolete: [declarator] }
}

/** A use of express-session outside the nodes that are removed. */
function otherUse(
  tree: Tree,
  loadings: readonly Loading[],
  gone: readonly Node[],
): Node | undefined {
  const names = loadings.flatMap(({ names }) => names.map(({ local }) => local))
  return tree.nodes.find(
    (node) =>
      names.includes(node['name']) &&
      isReference(tree, node) &&
      !isShadowed(tree, node) &&
      !gone.some(({ start, end }) => start <= node.start && node.end <= end),
  )
}

/** Whether a name is a parameter or a variable of a function, and so not the module. */
function isShadowed(tree: Tree, node: Node): boolean {
  return tree
    .around(node)
    .some(
      (it) =>
        (it['params'] as Node[] | undefined)?.some((param) =>
          inside(param).some((one) => one['name'] === node['name']),
        ) ||
        (it.type === 'BlockStatement' &&
          inside(it).some(
            (one) => one.type === 'VariableDeclarator' && one['id'].name === node['name'],
          )),
    )
}

/** The code of the options: on one line, or on several if they were. */
function optionsText(
  { tree, style: { newline, step } }: Draft,
  { lines }: OptionsCode,
  call: Node,
  indent: string,
): string {
  const wasLong = tree.source.slice(call.start, call.end).includes('\n')
  const short = `{ ${lines.join(', ')} }`
  if (!wasLong && short.length < 80) return short
  return `{${newline}${lines.map((line) => `${indent}${step}${line},${newline}`).join('')}${indent}}`
}
