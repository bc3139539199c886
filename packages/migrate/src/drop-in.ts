/** The smallest step: `express-session` becomes `sojourn/express-session`, and nothing else changes. */

import type { Draft } from './edits.ts'
import { loadingsOf } from './modules.ts'
import { isCall } from './tree.ts'

/** Stores that load express-session themselves. */
const STORES =
  /^(?:connect-(?:redis|pg-simple|mongo|mongodb-session|sqlite3|session-(?:knex|sequelize)|dynamodb|memcached|typeorm)|session-file-store|memorystore|express-mysql-session|better-sqlite3-session-store|@quixo3\/prisma-session-store)$/

/** Rewrites the name of the module wherever a file loads it, in types too. */
export function toDropIn(draft: Draft): void {
  const { tree, text, style } = draft
  for (const { literal } of loadingsOf(tree, 'express-session')) {
    text.update(literal.start, literal.end, style.quote('sojourn/express-session'))
    draft.changed()
  }
  for (const node of tree.nodes) {
    if (node.type !== 'StringLiteral' || !STORES.test(node['value'])) continue
    const parent = tree.parentOf(node)!
    if (parent.type !== 'ImportDeclaration' && !isCall(parent)) continue
    draft.leave(
      node,
      node['value'],
      'nothing yet: the drop-in takes this store, which may need express-session installed. ' +
        'A store of Sojourn also merges the changes of parallel requests',
    )
  }
}
