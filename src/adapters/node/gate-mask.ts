/** Lets a response look as if its headers had been sent, while they wait for the commit. */

import type { ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { headersSent, isHttp2 } from './gate-checks.ts'

/** A mask that is on. */
export interface Mask {
  /** Shows that `end` is among the waiting calls. */
  showEnd(): void
  /** Shows that a `write` was answered with `false`. */
  showFull(): void
  takeOff(): void
}

type Undo = () => void

/**
 * Puts the mask on.
 *
 * @param destroyLater puts a destroy behind the waiting calls: what was written before it leaves
 * before it.
 */
export function maskAsSent(res: ServerResponse, destroyLater: (destroy: () => void) => void): Mask {
  const held: Held = { isHeld: true, destroyLater }
  return isHttp2(res) ? maskHttp2(res, held) : maskHttp1(res, held)
}

/** What the mask's methods look at: one that somebody has wrapped stays, without effect. */
interface Held {
  isHeld: boolean
  readonly destroyLater: (destroy: () => void) => void
}

/**
 * Node looks at `_header` before anything else, and so do libraries: the one switch for all.
 *
 * Every written request comes by here. So nothing is deleted afterwards, nor made an accessor where
 * data will do: V8 would turn the response, and the socket that serves many, into dictionaries.
 */
function maskHttp1(res: ServerResponse, held: Held): Mask {
  const inner = res as unknown as Inner
  const { destroy } = res
  const { finished } = inner
  const holds = holdsOn(res.req.socket)
  let isDestroyed = false
  let showRoom: Undo | undefined
  const destroyHeld = (...args: [Error?]) => {
    if (!held.isHeld) return destroy.apply(res, args)
    if (inner.destroyed) return res
    isDestroyed = inner.destroyed = true
    held.destroyLater(() => res.destroy(...args))
    return res
  }
  inner._header = 'held until the session is kept'
  // Bun looks elsewhere.
  const showUnsent = res.headersSent ? undefined : shadow(res, 'headersSent', () => true)
  res.destroy = destroyHeld
  holds.push(held)
  return {
    // `writableEnded` follows it.
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

/** The responses held on a socket: its `destroy` waits for each of them, the latest first. */
function holdsOn(socket: Socket | null | undefined): Held[] {
  // A request that a test or a gateway made up may have none.
  if (!socket) return []
  const methods = socket as unknown as { destroy?: Destroy }
  const before = methods.destroy
  const hook = HOOKS.get(socket)
  if (hook && hook.destroy === before) return hook.holds
  const holds = hook?.holds ?? []
  // A stand-in for a socket may have none.
  if (!before) return holds
  // Stays for good, once for each socket: pipelined responses would wrap each other's for ever.
  methods.destroy = (...args) => {
    const held = socket.writable && !isSystemError(args[0]) ? holds.at(-1) : undefined
    if (!held) return before.apply(socket, args)
    held.destroyLater(() => methods.destroy?.(...args))
    return socket
  }
  HOOKS.set(socket, { destroy: methods.destroy, holds })
  return holds
}

function maskHttp2(res: ServerResponse, held: Held): Mask {
  const { stream } = res as unknown as { stream: ServerHttp2Stream }
  let hasEnded = false
  let isFull = false
  const refuse = () => {
    throw headersSent(res)
  }
  // Node's own destroys, of a stream or session that is over, do not wait.
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

/** Where the peer has left, nothing more can reach it, and destroying need not wait. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
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

/** Covers a property. */
function shadow(target: object, name: string, get: () => unknown): Undo {
  const before = Object.getOwnPropertyDescriptor(target, name)
  Object.defineProperty(target, name, { get, set() {}, configurable: true, enumerable: false })
  return () => {
    if (before) Object.defineProperty(target, name, before)
    else Reflect.deleteProperty(target, name)
  }
}

/** Covers a method while a condition holds. What somebody has put on top meanwhile stays there. */
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
