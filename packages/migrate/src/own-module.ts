/** A module that makes the sessions, for an app of several files. */

import type { Draft } from './edits.ts'
import { importCode } from './modules.ts'
import type { OptionsCode } from './options.ts'
import { inside, isReference, type Node, parseFile, type Tree } from './tree.ts'

/** The statements of a module that makes the sessions, if imports are all it needs. */
export function moduleOf(
  draft: Draft,
  { lines, store }: OptionsCode,
  made: string,
): string[] | undefined {
  const { tree, style } = draft
  const options = parseFile('options.ts', `({ ${lines.join(', ')} })`)
  const names = options.nodes
    .filter((node) => isReference(options, node))
    .map((node) => node['name'])
  const needed = [...new Set(names)].filter((name) => name !== store.name && !GLOBALS.has(name))
  const imports = needed.map((name) => importing(tree, name))
  if (imports.includes(undefined)) return undefined
  const copied = [...new Set(imports)].map((it) =>
    tree.source.slice(it!.start, it!.end).replace(/;$/, ''),
  )
  const wanted = [
    { module: 'sojourn', name: 'createSessions', local: 'createSessions' },
    { module: store.module, name: store.name, local: store.name },
  ].filter(({ module }) => module !== '')
  const exported = style.isModule
    ? [`export const sessions = ${made}`]
    : [`const sessions = ${made}`, 'module.exports = { sessions }']
  return [...copied, ...importCode(wanted, draft), ...exported].map((line) => line + style.end)
}

const GLOBALS: ReadonlySet<string> = new Set([
  'process',
  'Number',
  'Boolean',
  'String',
  'parseInt',
  'JSON',
  'undefined',
  'Math',
])

/** The import or require of a name, if it depends on nothing else in this file. */
function importing(tree: Tree, name: string): Node | undefined {
  return tree.program['body'].find((statement: Node) => {
    if (statement.type === 'ImportDeclaration') {
      return statement['specifiers'].some(({ local }: Node) => local.name === name)
    }
    const [declarator] = statement['declarations'] ?? []
    const isOnly = statement['declarations']?.length === 1 && declarator.init
    return (
      isOnly &&
      declarator.init.callee?.name === 'require' &&
      inside(declarator.id).some((it) => it['name'] === name)
    )
  })
}
