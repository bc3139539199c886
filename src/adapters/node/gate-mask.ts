/** Makes a response look as if its headers were sent while calls wait for the commit. */

import type { ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { headersSent, isHttp2 } from './gate-checks.ts'
import { isStandIn } from './stand-in.ts'

/** The mask of one response. */
export interface Mask {
  /** Makes `writableEnded` true: `end` was called. */
  showEnd(): void
  /** Makes `writableNeedDrain` true: a `write` has returned `false`. */
  showFull(): void
  takeOff(): void
}

type Undo = () => void

/**
 * Puts the mask on a response.
 *
 * @param destroyLater queues a `destroy` behind the waiting calls, so that earlier writes are sent.
 */
export function maskAsSent(res: ServerResponse, destroyLater: (destroy: () => void) => void): Mask {
  const held: Held = { isHeld: true, destroyLater }
  if (isStandIn(res)) return maskStandIn(res)
  return isHttp2(res) ? maskHttp2(res, held) : maskHttp1(res, held)
}

/** Whether the mask is on. Its methods check this: one that a library has wrapped cannot be removed. */
interface Held {
  isHeld: boolean
  readonly destroyLater: (destroy: () => void) => void
}

/**
 * Sets `_header`, from which Node derives `headersSent` and which libraries read as well.
 *
 * Runs for every request that saves to a store, so it deletes no property and defines few
 * accessors: V8 would turn the response and its socket into slow dictionary objects.
 */
function maskHttp1(res: ServerResponse, held: Held): Mask {
  const inner = res as unknown as Inner
  const { destroy } = res
  const { finished } = inner
  const holds = holdsOn(res.req?.socket)
  let isDestroyed = false
  let showRoom: Undo | undefined
  const destroyHeld = (...args: [Error?]) => {
    if (!held.isHeld) return destroy.apply(res, args)
    if (inner.destroyed) return res
    isDestroyed = inner.destroyed = true
    held.destroyLater(() => res.destroy(...args))
    return res
  }
  inner._header = 'held until the session is saved'
  // Bun does not derive it from `_header`.
  const showUnsent = res.headersSent ? undefined : shadow(res, 'headersSent', () => true)
  res.destroy = destroyHeld
  holds.push(held)
  return {
    // Node derives `writableEnded` from it.
    showEnd: () => void (inner.finished = true),
    showFull: () => (showRoom ??= shadow(res, 'writableNeedDrain', () => !inner.finished)),
    takeOff() {
      held.isHeld = false
      holds.splice(holds.indexOf(held), 1)
      if (res.destroy === destroyHeld) res.destroy = destroy
      showRoom?.()
      showUnsent?.()
      inner.finished = finished
      inner._header = null
      if (isDestroyed && !inner._closed) inner.destroyed = false
    },
  }
}

interface Inner {
  _header: string | null
  _closed: boolean
  destroyed: boolean
  finished: boolean
}

type Destroy = (...args: unknown[]) => unknown
const HOOKS = new WeakMap<Socket, { destroy: Destroy; holds: Held[] }>()

/** The waiting responses of a socket. Its `destroy` waits for each of them, the latest first. */
function holdsOn(socket: Socket | null | undefined): Held[] {
  // A request made by a test or a gateway may have no socket.
  if (!socket) return []
  const methods = socket as unknown as { destroy?: Destroy }
  const before = methods.destroy
  const hook = HOOKS.get(socket)
  if (hook && hook.destroy === before) return hook.holds
  const holds = hook?.holds ?? []
  // A substitute for a socket may have no `destroy`.
  if (!before) return holds
  const destroy: Destroy = (...args) => {
    const held = socket.writable && !isSystemError(args[0]) ? holds.at(-1) : undefined
    if (!held) return before.apply(socket, args)
    held.destroyLater(() => methods.destroy?.(...args))
    return socket
  }
  // Wrapped once for each socket and never removed: pipelined responses would otherwise wrap each
  // other's method endlessly. The socket object of workerd is frozen: its `destroy` does not wait.
  if (Reflect.set(methods, 'destroy', destroy)) HOOKS.set(socket, { destroy, holds })
  return holds
}

/** Masks the public properties of a stand-in, whose inner state is unknown. */
function maskStandIn(res: ServerResponse): Mask {
  const undo = [shadow(res, 'headersSent', () => true)]
  return {
    showEnd() {
      for (const name of ['finished', 'writableEnded']) {
        if (name in res) undo.push(shadow(res, name, () => true))
      }
    },
    showFull() {},
    takeOff() {
      for (const step of undo.reverse()) step()
    },
  }
}

function maskHttp2(res: ServerResponse, held: Held): Mask {
  const { stream } = res as unknown as { stream: ServerHttp2Stream }
  let hasEnded = false
  let isFull = false
  const refuse = () => {
    throw headersSent(res)
  }
  // Node's own calls of `destroy`, on a closed stream or session, do not wait.
  const isAlive = () => !stream.closed && stream.session?.destroyed === false
  const undo = [
    shadow(res, 'finished', () => hasEnded),
    shadow(res, 'writableEnded', () => hasEnded),
    shadow(res, 'writableNeedDrain', () => isFull && !hasEnded),
    shadow(res, 'headersSent', () => true),
    ...['setHeader', 'appendHeader', 'removeHeader'].map((verb) =>
      replace(res, verb, () => held.isHeld, refuse),
    ),
    destroyLater(res, 'destroy', held, isAlive),
    destroyLater(stream, 'destroy', held, isAlive),
    destroyLater(stream, 'close', held, isAlive),
  ]
  return {
    showEnd: () => void (hasEnded = true),
    showFull: () => void (isFull = true),
    takeOff() {
      held.isHeld = false
      for (const step of undo.reverse()) step()
    },
  }
}

/** Whether it is a system error, such as a disconnect: then `destroy` does not wait. */
function isSystemError(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'syscall' in error
}

function destroyLater(
  target: ServerHttp2Stream | ServerResponse,
  verb: string,
  held: Held,
  waits: () => boolean,
): Undo {
  return replace(
    target,
    verb,
    () => held.isHeld && waits(),
    (...args) => {
      const methods = target as unknown as Record<string, (...args: unknown[]) => unknown>
      held.destroyLater(() => methods[verb]?.(...args))
      return target
    },
  )
}

/** Replaces a property by a getter; returns a function that restores it. */
function shadow(target: object, name: string, get: () => unknown): Undo {
  const before = Object.getOwnPropertyDescriptor(target, name)
  Object.defineProperty(target, name, { get, set() {}, configurable: true, enumerable: false })
  return () => {
    if (before) Object.defineProperty(target, name, before)
    else Reflect.deleteProperty(target, name)
  }
}

/** Replaces a method while a condition is true. If it was wrapped meanwhile, the wrapper stays. */
function replace(
  target: object,
  name: string,
  condition: (...args: unknown[]) => boolean,
  instead: (...args: unknown[]) => unknown,
): Undo {
  const methods = target as Record<string, (...args: unknown[]) => unknown>
  const before = methods[name]
  if (!before) return () => {}
  const isOwn = Object.hasOwn(target, name)
  const mine = (...args: unknown[]) =>
    condition(...args) ? instead(...args) : before.apply(target, args)
  methods[name] = mine
  return () => {
    if (methods[name] !== mine) return
    if (isOwn) methods[name] = before
    else Reflect.deleteProperty(target, name)
  }
}
