/** Inserts the imports of Sojourn, in place of express-session's or at the top of the file. */

import { type Draft, removeStatements } from './edits.ts'
import { importCode, type Loading, ownStatement, type Wanted } from './modules.ts'
import type { Node, Tree } from './tree.ts'

/** Removes declarators and imports. */
export function dropDeclarators(draft: Draft, places: readonly Node[]): void {
  const { tree, text } = draft
  const statements = places.map((place) =>
    place.type === 'VariableDeclarator' ? ownStatement(tree, place) : place,
  )
  removeStatements(
    draft,
    statements.filter((it) => it !== undefined),
  )
  for (const place of places.filter((_, index) => !statements[index])) {
    const all: Node[] = tree.parentOf(place)!['declarations']
    const index = all.indexOf(place)
    if (index > 0) text.remove(all[index - 1]!.end, place.end)
    else text.remove(place.start, all[1]!.start)
  }
}

/** Replaces the import of express-session by our imports. */
export function replaceImports(
  draft: Draft,
  loadings: readonly Loading[],
  wanted: readonly Wanted[],
): void {
  const { tree, text, style } = draft
  const [first, ...others] = loadings
    .filter(({ place }) => place.type !== 'TSModuleDeclaration')
    .toSorted((a, b) => Number(a.form === 'typed') - Number(b.form === 'typed'))
  dropDeclarators(
    draft,
    others.map(({ place }) => place),
  )
  const { place } = first!
  const statement = place.type === 'VariableDeclarator' ? ownStatement(tree, place) : place
  if (statement) {
    const ended = tree.source[statement.end - 1] === ';' ? ';' : ''
    const code = importCode(wanted, draft).join(ended + style.newline)
    text.update(statement.start, statement.end, code + ended)
    return
  }
  // One of several declarators of a statement, each on its own line or not.
  const all: Node[] = tree.parentOf(place)!['declarations']
  const at = Math.max(1, all.indexOf(place))
  const gap = tree.source.slice(all[at - 1]!.end, all[at]!.start)
  const code = importCode(wanted, draft).map((it) => it.replace('const ', ''))
  text.update(place.start, place.end, code.join(gap))
}

/** Adds imports to a file that had none of express-session: after the last import, or at the top. */
export function insertImports(draft: Draft, wanted: readonly Wanted[], before?: Node): void {
  const { tree, text, style } = draft
  const body: Node[] = tree.program['body']
  const isRequire = (it: Node) =>
    it.type === 'VariableDeclaration' &&
    it['declarations'].every(({ init }: Node) => sourceOf(tree, init).startsWith('require('))
  const last = body.findLast(
    (it) =>
      (it.type === 'ImportDeclaration' || isRequire(it)) && (!before || it.start < before.start),
  )
  const code = importCode(wanted, draft)
  if (last) {
    text.appendLeft(last.end, code.map((line) => `${style.newline}${line}${style.end}`).join(''))
    return
  }
  const [first] = body
  const top = first!['leadingComments']?.[0]?.start ?? first!.start
  text.appendLeft(
    top,
    code.map((line) => line + style.end + style.newline).join('') + style.newline,
  )
}

function sourceOf({ source }: Tree, node: Node | null): string {
  return node ? source.slice(node.start, node.end) : ''
}
