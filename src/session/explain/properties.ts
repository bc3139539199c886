/** Makes `session.username = 'x'` fail loudly: it would vanish with the request. */

import { SessionError } from '../../base/errors.ts'

/**
 * Refuses assignments to names a prototype does not let be set, in sloppy mode too.
 *
 * An assignment that finds no setter on its way up the prototypes ends at the proxy; one to a name
 * that can only be read ends at a setter that refuses.
 *
 * @throws ERR_SESSION_PROPERTY at such an assignment.
 */
export function refuseStrayProperties(prototype: object): void {
  const top = new Proxy({}, { set: (_target, name) => refuse(String(name)) })
  // `await` asks every object for `then`: to go on to the proxy takes longer than to open a cookie.
  const then = { get: () => undefined, set: () => void refuse('then'), configurable: true }
  // oxlint-disable-next-line unicorn/no-thenable -- it says that there is none
  Object.defineProperty(prototype, 'then', then)
  Object.setPrototypeOf(prototype, top)
  for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (!property.get || property.set) continue
    const set = () => void refuse(name)
    Object.defineProperty(prototype, name, { ...property, set })
  }
}

function refuse(name: string): never {
  throw new SessionError('ERR_SESSION_PROPERTY', name)
}
