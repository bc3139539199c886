/** Lets a response look as if its headers had been sent, while they wait for the commit. */

import type { ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { headersSent, isHttp2 } from './gate-head.ts'

/** What the mask asks of the gate. */
export interface Held {
  /** Whether the response is still held: a mask that somebody has wrapped stays, without effect. */
  isHeld(): boolean
  /** Whether `end` is among the waiting calls. */
  hasEnded(): boolean
  /** Whether a `write` was answered with `false`. */
  needsDrain(): boolean
  /** Puts a destroy behind the waiting calls: what was written before it leaves before it. */
  destroyLater(destroy: () => void): void
}

type Undo = () => void

/** Puts the mask on; the answer takes it off. */
export function maskAsSent(res: ServerResponse, held: Held): Undo {
  const undo = [
    shadow(res, 'finished', held.hasEnded),
    shadow(res, 'writableEnded', held.hasEnded),
    shadow(res, 'writableNeedDrain', () => held.needsDrain() && !held.hasEnded()),
    ...(isHttp2(res) ? maskHttp2(res, held) : maskHttp1(res, held)),
  ]
  return () => {
    for (const step of undo.reverse()) step()
  }
}

/** Node looks at `_header` before anything else, and so do libraries: the one switch for all. */
function maskHttp1(res: ServerResponse, held: Held): Undo[] {
  const inner = res as unknown as { _header: string | null; _closed: boolean; destroyed: boolean }
  const { socket } = res.req
  inner._header = 'held until the session is kept'
  let isDestroyed = false
  return [
    () => {
      inner._header = null
      if (isDestroyed && !inner._closed) inner.destroyed = false
    },
    replace(res, 'destroy', held.isHeld, (...args) => {
      if (inner.destroyed) return res
      isDestroyed = inner.destroyed = true
      held.destroyLater(() => res.destroy(...(args as [Error?])))
      return res
    }),
    destroyLater(socket, 'destroy', held, (error) => socket.writable && !isSystemError(error)),
  ]
}

function maskHttp2(res: ServerResponse, held: Held): Undo[] {
  const { stream } = res as unknown as { stream: ServerHttp2Stream }
  const refuse = () => {
    throw headersSent(res)
  }
  // Node's own destroys, of a stream or session that is over, do not wait.
  const isAlive = () => !stream.closed && stream.session?.destroyed === false
  return [
    shadow(res, 'headersSent', () => true),
    ...['setHeader', 'appendHeader', 'removeHeader'].map((verb) =>
      replace(res, verb, held.isHeld, refuse),
    ),
    destroyLater(res, 'destroy', held, isAlive),
    destroyLater(stream, 'destroy', held, isAlive),
    destroyLater(stream, 'close', held, isAlive),
  ]
}

/** Where the peer has left, nothing more can reach it, and destroying need not wait. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}

function destroyLater(
  target: Socket | ServerHttp2Stream | ServerResponse,
  verb: string,
  held: Held,
  waits: (...args: unknown[]) => boolean,
): Undo {
  return replace(
    target,
    verb,
    (...args) => held.isHeld() && waits(...args),
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
