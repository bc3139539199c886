/** The public API as its declarations say it: every export of every subpath, with docstring and members. */

import { posix } from 'node:path'
import { parse, type ParseResult } from '@babel/parser'
import { sources, subpaths } from './repository.ts'

/** A node of the syntax tree, as far as this looks at it. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly loc: { readonly start: { readonly line: number } }
  readonly leadingComments?: readonly { readonly type: string; readonly value: string }[]
  readonly [property: string]: unknown
}

/** An export of the package. */
export interface Declared {
  /** The first subpath that exports it, as `sojourn/hono`. */
  readonly from: string
  readonly name: string
  readonly kind: 'function' | 'class' | 'interface' | 'type' | 'const'
  /** Its file inside src. */
  readonly file: string
  readonly node: Node
  readonly doc: Doc
  readonly members: readonly Member[]
}

/** A property or a method of an exported type. */
export interface Member {
  readonly name: string
  readonly isMethod: boolean
  readonly isOptional: boolean
  readonly file: string
  readonly doc: Doc
  readonly node: Node
}

/** A docstring: its prose, and its tags with their text. */
export interface Doc {
  readonly prose: string
  readonly tags: readonly { readonly tag: string; readonly text: string; readonly line: number }[]
}

const texts = sources()
const parsed = new Map<string, readonly Node[]>()

/** The statements of a file in src. */
export function statementsOf(file: string): readonly Node[] {
  const known = parsed.get(file)
  if (known) return known
  const plugins = ['typescript' as const]
  const tree: ParseResult = parse(texts.get(file)!, { sourceType: 'module', plugins })
  const statements = tree.program.body as unknown as readonly Node[]
  parsed.set(file, statements)
  return statements
}

/** Every export of every subpath, each once. */
export function publicApi(): Declared[] {
  const found = new Map<string, Declared>()
  for (const { subpath, types } of subpaths) {
    const entry = types.replace('./dist/', '').replace('.d.ts', '.ts')
    for (const name of exportedNames(entry)) {
      const declared = declarationOf(entry, name, subpath.replace('.', 'sojourn'))
      const key = `${declared.file} ${declared.node.start}`
      if (!found.has(key)) found.set(key, declared)
    }
  }
  return [...found.values()]
}

/** The names that a module exports. */
export function exportedNames(file: string): string[] {
  return statementsOf(file).flatMap((statement) => {
    if (statement.type === 'ExportDefaultDeclaration') return ['default']
    if (statement.type === 'ExportAllDeclaration') throw new Error(`${file} exports *`)
    if (statement.type !== 'ExportNamedDeclaration') return []
    const specifiers = statement['specifiers'] as Node[]
    const named = specifiers.map((one) => nameOf(one['exported'] as Node))
    const own = statement['declaration'] as Node | null
    return own ? [...named, ...namesIn(own)] : named
  })
}

const KINDS: Readonly<Record<string, Declared['kind']>> = {
  FunctionDeclaration: 'function',
  TSDeclareFunction: 'function',
  ClassDeclaration: 'class',
  TSInterfaceDeclaration: 'interface',
  TSTypeAliasDeclaration: 'type',
  VariableDeclaration: 'const',
}

function declarationOf(file: string, name: string, from: string): Declared {
  const [place, local] = resolve(file, name)
  for (const statement of statementsOf(place)) {
    const own = (statement['declaration'] as Node | undefined | null) ?? statement
    const isDefault = local === 'default' && statement.type === 'ExportDefaultDeclaration'
    if (!isDefault && !namesIn(own).includes(local)) continue
    const kind = KINDS[own.type]
    if (!kind) throw new Error(`${place}: ${local} is a ${own.type}`)
    const shown = isDefault ? (namesIn(own)[0] ?? name) : name
    const doc = docOf(statement)
    return { from, name: shown, kind, file: place, node: own, doc, members: membersOf(own, place) }
  }
  throw new Error(`${place} declares no ${local}`)
}

/** Where a name that a module knows is declared: the file, and the name that it has there. */
export function resolve(file: string, name: string): [file: string, name: string] {
  for (const statement of statementsOf(file)) {
    const source = statement['source'] as Node | null | undefined
    for (const one of (statement['specifiers'] as Node[] | undefined) ?? []) {
      const isImport = statement.type === 'ImportDeclaration'
      if (nameOf(one[isImport ? 'local' : 'exported'] as Node) !== name) continue
      const theirs = one[isImport ? 'imported' : 'local'] as Node | undefined
      if (!theirs) return [file, name]
      if (!source) return resolve(file, nameOf(theirs))
      const path = source['value'] as string
      if (!path.startsWith('.')) return [file, name]
      return resolve(posix.join(posix.dirname(file), path), nameOf(theirs))
    }
  }
  return [file, name]
}

function namesIn(declaration: Node): string[] {
  const variables = declaration['declarations'] as Node[] | undefined
  if (variables) return variables.map((one) => nameOf(one['id'] as Node))
  const id = declaration['id'] as Node | null | undefined
  return id ? [nameOf(id)] : []
}

function nameOf(node: Node): string {
  return String(node['name'] ?? node['value'])
}

/** The members of an interface, of a class, or of the object types that an alias is made of. */
function membersOf(node: Node, file: string): Member[] {
  if (node.type === 'TSInterfaceDeclaration') {
    const own = listed((node['body'] as Node)['body'], file)
    const bases = (node['extends'] as Node[] | undefined) ?? []
    return [...own, ...bases.flatMap((base) => inherited(base, file))]
  }
  if (node.type === 'ClassDeclaration') return listed((node['body'] as Node)['body'], file)
  if (node.type === 'TSTypeAliasDeclaration') return inType(node['typeAnnotation'] as Node, file)
  return []
}

/** The members of an interface that another one extends, unless it is of another package. */
function inherited(base: Node, file: string): Member[] {
  const [place, name] = resolve(file, nameOf(base['expression'] as Node))
  return statementsOf(place).flatMap((statement) => {
    const own = (statement['declaration'] as Node | null | undefined) ?? statement
    const isIt = own.type === 'TSInterfaceDeclaration' && namesIn(own)[0] === name
    return isIt ? membersOf(own, place) : []
  })
}

function inType(type: Node, file: string): Member[] {
  if (type.type === 'TSTypeLiteral') return listed(type['members'], file)
  const parts = (type['types'] as Node[] | undefined) ?? []
  // The docstring of an arm of a union tells of its members.
  if (type.type === 'TSUnionType') return parts.flatMap((part) => arm(part, file))
  return parts.flatMap((part) => inType(part, file))
}

function arm(part: Node, file: string): Member[] {
  if (part.type !== 'TSTypeLiteral') return []
  const [first] = listed(part['members'], file)
  const literal = (first?.node['typeAnnotation'] as Node | undefined)?.['typeAnnotation'] as Node
  const value = (literal?.['literal'] as Node | undefined)?.['value']
  // The comment stands before the "|", which the syntax tree does not have.
  const before = texts.get(file)!.slice(0, part.start)
  const prose = /\/\*\*((?:(?!\*\/)[^])*)\*\/\s*\|\s*$/.exec(before)?.[1] ?? ''
  const doc = { prose: prose.replaceAll(/^\s*\* ?/gm, '').trim(), tags: [] }
  return [{ name: `${value ?? '{ }'}`, isMethod: false, isOptional: false, file, doc, node: part }]
}

/** The members of an object type, alone or beside others: `Base & { more: string }`. */
function nested(type: Node, file: string): Member[] {
  if (type.type === 'TSTypeLiteral') return listed(type['members'], file)
  const parts = (type['types'] as Node[] | undefined) ?? []
  return parts.flatMap((part) => nested(part, file))
}

const METHODS = [
  'TSMethodSignature',
  'ClassMethod',
  'TSDeclareMethod',
  'TSCallSignatureDeclaration',
]

function listed(members: unknown, file: string): Member[] {
  const found = new Map<string, Member>()
  for (const node of members as Node[]) {
    const key = node['key'] as Node | undefined
    if (node.type === 'ClassPrivateProperty' || node.type === 'ClassPrivateMethod') continue
    if (node['computed'] === true || node['kind'] === 'constructor') continue
    const name = key ? nameOf(key) : '()'
    // The setter of an accessor, and the second signature of an overload, need no docstring.
    if (found.has(name)) continue
    const isAccessor = node['kind'] === 'get' || node['kind'] === 'set'
    const isMethod = METHODS.includes(node.type) && !isAccessor
    const isOptional = node['optional'] === true
    found.set(name, { name, isMethod, isOptional, file, doc: docOf(node), node })
    if (isMethod || !node.type.startsWith('TS')) continue
    // The object types that a property is made of, such as `cookie: { name: string }`.
    const type = (node['typeAnnotation'] as Node | undefined)?.['typeAnnotation'] as Node
    for (const part of type ? nested(type, file) : []) {
      found.set(`${name}.${part.name}`, { ...part, name: `${name}.${part.name}` })
    }
  }
  return [...found.values()]
}

/** The names of types in a part of the syntax tree, such as the parameters of a function. */
export function typeNamesIn(part: unknown): string[] {
  if (typeof part !== 'object' || part === null) return []
  const { type, typeName } = part as { type?: string; typeName?: Node }
  const own =
    type === 'TSTypeReference' && typeName?.type === 'Identifier' ? [nameOf(typeName)] : []
  return [...own, ...Object.values(part).flatMap(typeNamesIn)]
}

/** The docstring before a node. */
export function docOf(node: Node): Doc {
  const comment = node.leadingComments?.findLast(({ value }) => value.startsWith('*'))
  if (!comment) return { prose: '', tags: [] }
  const first = node.loc.start.line - comment.value.split('\n').length
  const lines = comment.value.slice(1).split('\n')
  const tags: { tag: string; text: string; line: number }[] = []
  let prose = ''
  lines.forEach((line, index) => {
    const bare = line.replace(/^\s*\* ?/, '').trimEnd()
    // A tag may also end a line: "The limit in bytes. @default 4093"
    const [before, ...rest] = bare.split(
      /(?<!\{)(?:^|(?<=\s))@(?=(?:default|throws|example|param|returns|deprecated|see|internal|template)\b)/,
    )
    const last = tags.at(-1)
    if (last) last.text += `\n${before}`
    else prose += `${before}\n`
    for (const part of rest) {
      const [, tag, text] = /^(\w+)\s?([^]*)/.exec(part)!
      tags.push({ tag: tag!, text: text!, line: first + index })
    }
  })
  return { prose: prose.trim(), tags }
}

/** The text of each tag of a name. */
export function tagged({ tags }: Doc, name: string): string[] {
  return tags.filter(({ tag }) => tag === name).map(({ text }) => text.trim())
}
