/** The drop-in migration: `express-session` becomes `sojourn/express-session`, and nothing else changes. */

import type { Draft } from './edits.ts'
import { loadingsOf } from './modules.ts'
import { isCall } from './tree.ts'

/** Stores that load express-session themselves. */
const STORES =
  /^(?:connect-(?:redis|pg-simple|mongo|mongodb-session|sqlite3|session-(?:knex|sequelize)|dynamodb|memcached|typeorm)|session-file-store|memorystore|express-mysql-session|better-sqlite3-session-store|@quixo3\/prisma-session-store)$/

/** What the drop-in replacement exports. Types for `req.session` still come from @types/express-session. */
const EXPORTED = [
  'default',
  'Store',
  'MemoryStore',
  'Cookie',
  'Session',
  'SessionOptions',
  'CookieData',
]

/** Rewrites the name of the module wherever a file loads it. Imports of types stay. */
export function toDropIn(draft: Draft): void {
  const { tree, text, style } = draft
  const loadings = loadingsOf(tree, 'express-session')
  const isDescribed = loadings.some(({ form }) => form === 'typed')
  for (const { literal, names, place } of loadings.filter(({ form }) => form !== 'typed')) {
    text.update(literal.start, literal.end, style.quote('sojourn/express-session'))
    draft.changed()
    const types = names.map(({ imported }) => imported).filter((it) => !EXPORTED.includes(it))
    if (types.length > 0) {
      const write = `Write import type { ${types.join(', ')} } from 'express-session'`
      draft.leave(
        place,
        `${types.join(', ')} (the drop-in replacement does not export this)`,
        write,
      )
    } else if (style.isTyped && !isDescribed) {
      const write =
        "Write import type {} from 'express-session', and leave @types/express-session installed"
      draft.leave(place, 'the types of req.session', write)
    }
  }
  for (const node of tree.nodes) {
    if (node.type !== 'StringLiteral' || !STORES.test(node['value'])) continue
    const parent = tree.parentOf(node)!
    if (parent.type !== 'ImportDeclaration' && !isCall(parent)) continue
    draft.leave(
      node,
      node['value'],
      'Nothing to do: the drop-in replacement accepts this store, which may need express-session installed. ' +
        'Only a store of Sojourn also merges the changes of concurrent requests',
    )
  }
}
