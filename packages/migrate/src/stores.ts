/** Translates the store: connect-redis, connect-pg-simple, the memory store. */

import type { Draft } from './edits.ts'
import { loadingsOf, sessionLoadings } from './modules.ts'
import { isCall, isMember, type Node, propertyName, references, type Tree } from './tree.ts'

/** The store of Sojourn, and the nodes of the old store that are removed. */
export interface StoreCode {
  code: string
  module: string
  name: string
  /** Declarators, imports and calls that only the old store needed. */
  obsolete: readonly Node[]
}

interface Kind {
  module: string
  name: string
  /** The option that holds the client. */
  client: string
  note: string
}

const KINDS: ReadonlyMap<string, Kind> = new Map(
  Object.entries({
    'connect-redis': {
      module: 'sojourn/stores/redis',
      name: 'redisStore',
      client: 'client',
      note: 'It has keys of its own in Redis',
    },
    'connect-pg-simple': {
      module: 'sojourn/stores/postgres',
      name: 'postgresStore',
      client: 'pool',
      note: 'It has tables of its own, which npx sojourn schema postgres prints',
    },
  }),
)
/** Sojourn's own stores, which an app with the drop-in replacement may use already. */
const OURS = /^(?:memory|sqlite|redis|postgres|session)Store$/
const FORMERLY =
  "To keep visitors signed in, pass the old store: formerly: formerly({ sessions: expressSession({ secret, store }), until: 'YYYY-MM-DD' }), both from sojourn/formerly"

/** Translates a store. If it cannot, reports the reason and returns `undefined`. */
export function storeCode(
  draft: Draft,
  given: Node | undefined,
  call: Node,
): StoreCode | undefined {
  const { tree } = draft
  const { value, obsolete } = resolved(tree, given)
  if (!value || isMemory(tree, value)) {
    const what = given ? 'MemoryStore' : 'no store'
    const write =
      'Use another store in production: memoryStore() loses all sessions at a restart, as before. Without the option store the session is in the cookie, which the visitor can read'
    draft.leave(given ?? call, what, write)
    return { code: 'memoryStore()', module: 'sojourn/stores/memory', name: 'memoryStore', obsolete }
  }
  if (isCall(value) && OURS.test(nameOf(value['callee']) ?? '')) {
    const code = tree.source.slice(value.start, value.end)
    return { code, module: '', name: '', obsolete }
  }
  for (const [module, kind] of KINDS) {
    const found = madeBy(tree, value, module)
    if (!found) continue
    const properties: Node[] = value['arguments'][0]?.['properties'] ?? []
    const client = properties.find(
      (it) => it.type === 'ObjectProperty' && propertyName(it) === kind.client,
    )
    if (!client) break
    const others = properties
      .filter((it) => it !== client)
      .map((it) => it['key']?.name ?? 'a spread')
    const dropped = others.length > 0 ? `. Dropped: ${others.join(', ')}` : ''
    draft.leave(value, `${module} is now ${kind.name}`, `${kind.note}${dropped}. ${FORMERLY}`)
    const source = tree.source.slice(client['value'].start, client['value'].end)
    return {
      code: `${kind.name}(${source})`,
      module: kind.module,
      name: kind.name,
      obsolete: [...obsolete, ...found],
    }
  }
  const write =
    'Use --to drop-in, which accepts any store of express-session; or pass a store of Sojourn'
  draft.leave(given!, 'a store that is not translated', write)
  return undefined
}

/** The value of a variable that only the options use. */
function resolved(
  tree: Tree,
  node: Node | undefined,
): { value: Node | undefined; obsolete: Node[] } {
  if (node?.type !== 'Identifier') return { value: node, obsolete: [] }
  const declarator = tree.nodes.find(
    ({ type, id, init }) => type === 'VariableDeclarator' && init && id.name === node['name'],
  )
  if (!declarator || references(tree, node['name']).length !== 2)
    return { value: node, obsolete: [] }
  return { value: declarator['init'], obsolete: [declarator] }
}

function isMemory(tree: Tree, { type, callee }: Node): boolean {
  if (type !== 'NewExpression') return false
  if (isMember(callee)) return propertyName(callee) === 'MemoryStore'
  return sessionLoadings(tree).some(({ names }) =>
    names.some(({ imported, local }) => imported === 'MemoryStore' && local === callee.name),
  )
}

/**
 * If a store is `new X(...)` with X of a module, the nodes that load the module and have no other
 * use. X may also be `require('connect-redis')(session)`.
 */
function madeBy(tree: Tree, { type, callee }: Node, module: string): Node[] | undefined {
  if (type !== 'NewExpression') return undefined
  const loadings = loadingsOf(tree, module)
  const named = isCall(callee) ? nameOf(callee['callee']) : nameOf(callee)
  for (const { names, place, literal } of loadings) {
    if (isCall(callee) && callee['callee'] === tree.parentOf(literal)) return []
    const name = names[0]?.local
    if (name === undefined || names.length > 1) {
      // const Store = require('m')(session)
      const outer = tree.parentOf(place)
      const declarator = outer && isCall(outer) ? tree.parentOf(outer) : undefined
      if (declarator && declarator['id']?.name === named && references(tree, named!).length === 2)
        return [declarator]
      continue
    }
    const uses = references(tree, name).length
    if (name === named && uses === 2) return [place]
    // const Store = connectPg(session)
    const made = tree.nodes.find(
      (it) =>
        it.type === 'VariableDeclarator' &&
        it['init'] &&
        isCall(it['init']) &&
        it['init']['callee'].name === name,
    )
    if (made && made['id'].name === named && references(tree, named!).length === 2 && uses === 2) {
      return [made, place]
    }
  }
  return undefined
}

function nameOf(node: Node): string | undefined {
  return node.type === 'Identifier' ? node['name'] : undefined
}
