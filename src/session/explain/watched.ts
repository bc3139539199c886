/** In development: warns of what JavaScript lets pass silently, such as `session.username` and `req.session`. */

import type { Hint } from './hints.ts'
import { insteadOf } from './instead.ts'

/**
 * The base class of sessions. With a `hint` the new object is a proxy that warns of misuse; it has the
 * private fields of the session, so methods work on it. In production there is no proxy.
 */
// oxlint-disable-next-line typescript/no-extraneous-class -- a base class, for what its constructor returns
export class Watched {
  constructor(hint: Hint | undefined) {
    // oxlint-disable-next-line no-constructor-return -- the fields of derived classes are put on it
    if (hint) return new Proxy(this, trapsFor(hint))
  }
}

/** Those of each `createSessions`. */
const traps = new WeakMap<Hint, ProxyHandler<Watched>>()

function trapsFor(hint: Hint): ProxyHandler<Watched> {
  const made = traps.get(hint) ?? trapsOf(hint)
  traps.set(hint, made)
  return made
}

function trapsOf(hint: Hint): ProxyHandler<Watched> {
  const attached = attacher(hint)
  /** `call`: what to write in place of the misuse. */
  function tell(call: string, instead = `Write session.${call}`): void {
    hint(call, `The data of a session are not its properties. ${instead}.`)
  }
  function tellHas(session: object, name: string | symbol): void {
    if (isStray(session, name)) tell(`has('${name}')`)
  }
  return {
    get(session, name, receiver) {
      const value: unknown = Reflect.get(session, name, receiver)
      if (typeof value === 'function' && typeof name === 'string' && !(name in Object.prototype)) {
        return attached(value as Method, name)
      }
      if (name === 'toJSON') tell(name, PLAIN)
      else if (isStray(session, name)) {
        const instead = insteadOf(name, '')
        if (instead === '') tell(`get('${name}')`)
        else hint(`instead-${name}`, `session.${name} does not exist. ${instead}.`)
      }
      return value
    },
    has(session, name) {
      tellHas(session, name)
      return Reflect.has(session, name)
    },
    getOwnPropertyDescriptor(session, name) {
      tellHas(session, name)
      return Reflect.getOwnPropertyDescriptor(session, name)
    },
    deleteProperty(session, name) {
      tell(`delete('${String(name)}')`)
      return Reflect.deleteProperty(session, name)
    },
    ownKeys(session) {
      tell('keys()', PLAIN)
      return Reflect.ownKeys(session)
    },
  }
}

const PLAIN =
  'A copy ({ ...session }), Object.keys(session) and JSON.stringify(session) are empty: write Object.fromEntries(session)'

/** What test runners, loggers and templates ask of any object. */
const PROBES = /^(?:asymmetricMatch|nodeType|nodeName|tagName|hasAttribute|sample|inspect|length)$/

/** Whether a name looks like a key of the app's data, and not like a question asked of any object. */
function isStray(session: object, name: string | symbol): name is string {
  if (typeof name === 'symbol' || Reflect.has(session, name)) return false
  return /^[a-z][\w-]{0,40}$/i.test(name) && !PROBES.test(name)
}

/**
 * Makes the promise of a session warn when it is used as the session, because `await` is missing.
 * It stays the same promise: only its prototype chain gets a proxy.
 */
export function watchPromise<Value>(hint: Hint, promise: Promise<Value>): Promise<Value> {
  function tell(name: string): void {
    hint(
      'promise',
      `An await is missing: "${name}" is a property of the session, and this is a promise of it. Write const session = await sessions.get(req).`,
    )
  }
  const prototype = new Proxy(Object.create(Promise.prototype) as object, {
    get(target, name, receiver) {
      if (isStray(target, name)) tell(name)
      return Reflect.get(target, name, receiver) as unknown
    },
    set(target, name, value, receiver) {
      if (isStray(target, name)) tell(name)
      return Reflect.set(target, name, value, receiver)
    },
  })
  return Object.setPrototypeOf(promise, prototype) as Promise<Value>
}

type Method = (...given: unknown[]) => unknown

/** Gives each method a warning for the case that it is called without its session. */
function attacher(hint: Hint): (method: Method, name: string) => Method {
  const known = new Map<Method, Method>()
  return (method, name) => {
    const attached =
      known.get(method) ??
      function (this: unknown, ...given: unknown[]) {
        if (!(this instanceof Watched)) {
          hint(
            `detached-${name}`,
            `${name}() was called without its session, as after const { ${name} } = session. Write session.${name}().`,
          )
        }
        return Reflect.apply(method, this, given)
      }
    known.set(method, attached)
    return attached
  }
}

/** Makes `req.session`, which other libraries have, warn. A later `req.session = x` replaces it. */
export function watchRequest(hint: Hint, request: object): void {
  if ('session' in request || !Object.isExtensible(request)) return
  Reflect.defineProperty(request, 'session', {
    configurable: true,
    get(): undefined {
      hint(
        'req-session',
        'req.session does not exist. Write const session = await sessions.get(req), then session.get(key).',
      )
    },
    set(value: unknown) {
      Reflect.defineProperty(request, 'session', {
        value,
        writable: true,
        enumerable: true,
        configurable: true,
      })
    },
  })
}
