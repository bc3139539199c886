/** Warns of mistakes that JavaScript does not report, such as `session.username` and `req.session`. */

import { insteadOf } from '../explain/instead.ts'
import type { Warn } from './warn.ts'

/** Makes the functions that watch the sessions and requests of one `createSessions`. */
export function watcher(warn: Warn) {
  const sessions = new WeakSet<object>()
  const traps = trapsOf(warn, sessions)
  return {
    /** A proxy of a session that warns of misuse. */
    watched(session: object): object {
      const proxy = new Proxy(session, traps)
      sessions.add(proxy)
      return proxy
    },
    /** Makes the promise of a session warn when it is used as the session. */
    watchPromise: <Value>(promise: Promise<Value>, call: string) =>
      watchPromise(warn, promise, call),
    /** Makes `req.session`, which other libraries have, warn. A later `req.session = x` replaces it. */
    watchRequest: (request: object) => watchRequest(warn, request),
  }
}

function trapsOf(warn: Warn, sessions: WeakSet<object>): ProxyHandler<object> {
  const attached = attacher(warn, sessions)
  /** `call`: what to write in place of the misuse. */
  function tell(call: string, instead = `Write session.${call}`): void {
    warn(call, `The data of a session are not its properties. ${instead}.`)
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
        else warn(`instead-${name}`, `session.${name} does not exist. ${instead}.`)
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
      if (!isAskedByLibrary()) tell('keys()', PLAIN)
      return Reflect.ownKeys(session)
    },
  }
}

const PLAIN =
  'A copy ({ ...session }), Object.keys(session) and JSON.stringify(session) are empty: write Object.fromEntries(session)'

/** Names that test runners, loggers and templates read from any object. */
const PROBES = /^(?:asymmetricMatch|nodeType|nodeName|tagName|hasAttribute|sample|inspect|length)$/

/** Whether a name looks like a key of the app's data, and not like one that tools read. */
function isStray(session: object, name: string | symbol): name is string {
  if (typeof name === 'symbol' || Reflect.has(session, name)) return false
  return /^[a-z][\w-]{0,40}$/i.test(name) && !PROBES.test(name)
}

// A stack's first line in a file, beside ours: "at equals
// (file:///app/node_modules/jest/index.js:5:9)".
const IN_A_FILE = /[\\/]|node:/
const LIBRARY = /[\\/]node_modules[\\/]|node:/

/**
 * Whether a package or Node reads the property, and not the app: test matchers compare objects by
 * their keys, and other session libraries check `req.session` before they set it.
 */
function isAskedByLibrary(): boolean {
  const lines = String(new Error().stack)
    .split('\n')
    .filter((line) => IN_A_FILE.test(line))
  // The first two stack lines are this function and its caller.
  return LIBRARY.test(lines[2] ?? '')
}

/**
 * Makes the promise of a session warn when it is used as the session, because `await` is missing.
 * It stays the same promise: only its prototype chain gets a proxy.
 *
 * @param call what returned it: 'get(req)'
 */
function watchPromise<Value>(warn: Warn, promise: Promise<Value>, call: string): Promise<Value> {
  function tell(name: string): void {
    warn(
      `promise-${call}`,
      `An await is missing: "${name}" is a property of the session, and this is a promise of it. Write const session = await sessions.${call}.`,
    )
  }
  const prototype = new Proxy(Object.create(Object.getPrototypeOf(promise) as object) as object, {
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
function attacher(warn: Warn, sessions: WeakSet<object>): (method: Method, name: string) => Method {
  const known = new Map<Method, Method>()
  return (method, name) => {
    const attached =
      known.get(method) ??
      function (this: unknown, ...given: unknown[]) {
        if (!sessions.has(this as object)) {
          warn(
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

function watchRequest(warn: Warn, request: object): void {
  if ('session' in request || !Object.isExtensible(request)) return
  Reflect.defineProperty(request, 'session', {
    configurable: true,
    get(): undefined {
      if (isAskedByLibrary()) return
      warn(
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
