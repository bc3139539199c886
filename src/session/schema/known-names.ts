/** The names that a schema defines. Only these may be shown in the path of an error. */

/** The definitions of schemas in zod (3 and 4), valibot and arktype. Other libraries do not show theirs. */
interface Definition {
  readonly _zod?: { readonly def?: unknown }
  readonly json?: unknown
  /** The members of an object, in zod and valibot. */
  readonly shape?: unknown
  readonly entries?: unknown
  /** The name of a member, in arktype. */
  readonly key?: unknown
}

const NAMES = new WeakMap<object, ReadonlySet<string>>()

/** All names that a schema defines, at any depth. Other keys may come from visitors. */
export function knownNames(schema: object): ReadonlySet<string> {
  let names = NAMES.get(schema)
  if (!names) {
    NAMES.set(schema, (names = new Set<string>()))
    try {
      collect(schema, names as Set<string>, new Set())
    } catch {
      // The definition cannot be read, so its names are not shown.
    }
  }
  return names
}

function collect(part: unknown, names: Set<string>, seen: Set<unknown>): void {
  const isSchema = typeof part === 'object' || typeof part === 'function'
  if (!isSchema || part === null || seen.has(part)) return
  seen.add(part)
  const { _zod, json, shape, entries, key } = part as Definition
  if (typeof key === 'string') names.add(key)
  for (const members of [shape, entries]) {
    if (typeof members !== 'object' || members === null) continue
    for (const [name, member] of Object.entries(members)) {
      names.add(name)
      collect(member, names, seen)
    }
  }
  const definition = _zod?.def ?? json
  if (definition !== undefined) collect(definition, names, seen)
  else if (typeof part === 'object') {
    // Getters are not called: in zod they call the app's functions for defaults.
    const parts = Object.values(Object.getOwnPropertyDescriptors(part))
    for (const { value } of parts) collect(value, names, seen)
  }
}
