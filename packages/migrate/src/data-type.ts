/** Turns the types that an app adds to express-session into an interface of the app. */

import { type Draft, indentOf } from './edits.ts'
import type { Node, Tree } from './tree.ts'

/** The declarations `declare module 'express-session' { interface SessionData { ... } }`. */
export function augmentations(tree: Tree): Node[] {
  return tree.nodes.filter(
    (it) => it.type === 'TSModuleDeclaration' && it['id'].value === 'express-session',
  )
}

/** The type argument of `createSessions`. */
export function dataType(declaration: Node): string {
  return sessionData(declaration) ? '<SessionData>' : ''
}

function sessionData(declaration: Node): Node | undefined {
  const { body } = declaration['body'] as { body: Node[] }
  const [only] = body
  const inner: Node | undefined = only?.['declaration'] ?? only
  return body.length === 1 && inner?.['id']?.name === 'SessionData' ? inner : undefined
}

/** Writes the interface of the session data. */
export function writeDataType(draft: Draft, declaration: Node): void {
  const { tree, text } = draft
  const data = sessionData(declaration)
  if (!data)
    return draft.leave(
      declaration,
      'types of express-session',
      'Pass the type: createSessions<Data>',
    )
  const from = tree.source.lastIndexOf('interface', data['id'].start)
  text.remove(declaration.start, from)
  text.remove(data.end, declaration.end)
  const indent = indentOf(tree.source, from) ?? ''
  for (
    let at = tree.source.indexOf('\n', from);
    at >= 0 && at < data.end;
    at = tree.source.indexOf('\n', at + 1)
  ) {
    if (indent !== '' && tree.source.startsWith(indent, at + 1))
      text.remove(at + 1, at + 1 + indent.length)
  }
  draft.changed()
}
