/** Maps request objects to visits like a WeakMap, but faster: by a private field. */

import type { Visit } from './visit.ts'

/** The visits of one `createSessions`, by their carriers: request, response, framework context. */
export interface Carriers {
  get(carrier: object): Visit | undefined
  /** Adds an object that has no visit of these `sessions` yet. */
  set(carrier: object, visit: Visit): void
}

/** The constructor returns its argument, so that a derived class adds its private fields to it. */
const Given = function (carrier: object) {
  return carrier
} as unknown as new (carrier: object) => object

/**
 * The private field. Like a `WeakMap` entry it is invisible and does not keep the object alive. A
 * `WeakMap` entry would cost a microsecond of garbage collection for each request.
 *
 * There is one field, which the first `sessions` object of the process uses: with a field for each,
 * requests would have different hidden classes in V8.
 */
class VisitField extends Given {
  readonly #owner: Carriers
  readonly #visit: Visit

  constructor(carrier: object, owner: Carriers, visit: Visit) {
    super(carrier)
    this.#owner = owner
    this.#visit = visit
  }

  /** Adds the field to an object; returns whether that was possible. */
  static put(carrier: object, owner: Carriers, visit: Visit): boolean {
    if (#visit in carrier || !Object.isExtensible(carrier)) return false
    return Boolean(new VisitField(carrier, owner, visit))
  }

  static isIn(carrier: object): boolean {
    return #visit in carrier
  }

  static visitOf(carrier: object, owner: Carriers): Visit | undefined {
    return #visit in carrier && carrier.#owner === owner ? carrier.#visit : undefined
  }
}

/** Whether another `sessions` object has mounted this carrier. */
export function isMountedElsewhere(carrier: object): boolean {
  return VisitField.isIn(carrier)
}

/** Makes the map of one `createSessions`. */
export function createCarriers(): Carriers {
  // For objects that are not extensible, and those whose field belongs to other `sessions`.
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
