/** Makes `session.username = 'x'` throw: properties of a session are not saved. */

import { SessionError } from '../../base/errors.ts'
import { insteadOf } from './instead.ts'

/**
 * The base class of sessions. In development the new object is a proxy that warns of misuse; it has
 * the private fields of the session, so methods work on it. In production there is no proxy.
 */
// oxlint-disable-next-line typescript/no-extraneous-class -- only a base class can decide what `this` is in a derived one
export class SessionBase {
  constructor(development: { watched(session: object): object } | undefined) {
    // oxlint-disable-next-line no-constructor-return -- then `this` is the proxy, and has the private fields of the derived class
    if (development) return development.watched(this)
  }
}

/**
 * Makes assignments to properties without a setter throw, in sloppy mode too. The class needs a base
 * class of its own.
 *
 * An unknown name reaches the proxy at the top of the prototype chain; a getter without a setter is
 * given one that throws.
 *
 * Such an assignment throws ERR_SESSION_PROPERTY.
 */
export function refuseStrayProperties(prototype: object): void {
  const top = new Proxy({}, { set: (_target, name) => refuse(String(name)) })
  // `await` reads `then` of every object. Reaching the proxy for it would take longer than opening
  // a cookie.
  const then = { get: () => undefined, set: () => void refuse('then'), configurable: true }
  // oxlint-disable-next-line unicorn/no-thenable -- `await` finds `undefined`, so a session is no thenable
  Object.defineProperty(prototype, 'then', then)
  Object.setPrototypeOf(Object.getPrototypeOf(prototype) as object, top)
  for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (!property.get || property.set) continue
    const set = () => void refuse(name)
    Object.defineProperty(prototype, name, { ...property, set })
  }
}

function refuse(name: string): never {
  const instead = insteadOf(name, `Write session.set("${name}", value)`)
  throw new SessionError('ERR_SESSION_PROPERTY', name, instead)
}
