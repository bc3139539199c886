/** Finds a visit by an object of somebody else's, such as a request: through a private field of it. */

import type { Visit } from './visit.ts'

/** The visits of one `createSessions`, by the objects that carry them. */
export interface Carriers {
  get(carrier: object): Visit | undefined
  /** Puts a visit on an object that has none of these `sessions`. */
  set(carrier: object, visit: Visit): void
}

/** A constructor that returns its argument: a derived class puts its private fields there. */
const Given = function (carrier: object) {
  return carrier
} as unknown as new (carrier: object) => object

/**
 * The private field. Like an entry of a `WeakMap` it cannot be seen from outside and does not keep
 * the object alive, but an entry costs the garbage collector a microsecond for each request.
 *
 * One field for all `sessions`, whose first owner has it: a field for each would give every request
 * another hidden class in V8.
 */
class VisitField extends Given {
  readonly #owner: Carriers
  readonly #visit: Visit

  constructor(carrier: object, owner: Carriers, visit: Visit) {
    super(carrier)
    this.#owner = owner
    this.#visit = visit
  }

  /** Puts the field on an object, and answers whether it could. */
  static put(carrier: object, owner: Carriers, visit: Visit): boolean {
    if (#visit in carrier || !Object.isExtensible(carrier)) return false
    return Boolean(new VisitField(carrier, owner, visit))
  }

  static visitOf(carrier: object, owner: Carriers): Visit | undefined {
    return #visit in carrier && carrier.#owner === owner ? carrier.#visit : undefined
  }
}

/** Makes the table of one `createSessions`. */
export function createCarriers(): Carriers {
  // For objects that take no more fields, and for those whose field other `sessions` have.
  let table: WeakMap<object, Visit> | undefined
  const carriers: Carriers = {
    get: (carrier) => VisitField.visitOf(carrier, carriers) ?? table?.get(carrier),
    set(carrier, visit) {
      if (VisitField.put(carrier, carriers, visit)) return
      table ??= new WeakMap()
      table.set(carrier, visit)
    },
  }
  return carriers
}
