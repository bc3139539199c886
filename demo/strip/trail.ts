/** What a browser's last requests did to its session, from the library's diagnostics channels. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { createHash } from 'node:crypto'
import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Request, RequestHandler } from 'express'
import { cookieOf, setCookieOf } from '../cookies.ts'
import type { Kinds } from '../kinds.ts'
import type { CommitMessage, EventMessage, OpenMessage, SessionEvent } from '../sojourn.ts'
import type { Word } from '../words.ts'

/** What one request did. */
export interface Deed {
  readonly who: 'you' | 'thief'
  readonly method: string
  readonly path: string
  readonly events: SessionEvent[]
  opened?: OpenMessage
  committed?: CommitMessage
}

/** What the demo says once, beside the strip. */
export interface Note {
  readonly word: Word
  readonly values?: Record<string, string | number>
}

/** The last requests of a browser, the newest last. */
export interface Trail {
  readonly deeds: Deed[]
  note: Note | undefined
}

/** The trails of all browsers. They are known by their session cookie, and need none of their own. */
export interface Trails {
  readonly middleware: RequestHandler
  of(req: Request): Trail
  /** Records what `act` does as a deed of the thief. */
  asThief<Result>(trail: Trail, act: () => Promise<Result>): Promise<{ deed: Deed; result: Result }>
  /** Runs `act`, whose sessions are nobody's here: no trail tells what they did. */
  untold<Result>(act: () => Result): Result
}

const MOST_DEEDS = 8
const MOST_BROWSERS = 2_000
/** A path can have many kilobytes, and no page of the demo has a long one. */
const LONGEST_PATH = 100

const CURRENT = new AsyncLocalStorage<Deed | undefined>()

subscribe('sojourn:event', (message) => {
  CURRENT.getStore()?.events.push((message as EventMessage).event)
})
subscribe('sojourn:open:end', (message) => {
  const deed = CURRENT.getStore()
  if (deed) deed.opened = { ...(message as OpenMessage) }
})
subscribe('sojourn:commit:end', (message) => {
  const deed = CURRENT.getStore()
  const committed = message as CommitMessage
  // A page is saved before it is drawn; at its end there is nothing left to save.
  if (deed && !(deed.committed && committed.outcome === 'unchanged')) {
    deed.committed = { ...committed }
  }
})

/** Makes the trails of one app. */
export function trailsOf(kinds: Kinds): Trails {
  // By the hash of the session cookie: what identifies a visitor is not kept.
  const byCookie = new Map<string, Trail>()
  const byRequest = new WeakMap<IncomingMessage, Trail>()

  function knowBy(value: string, trail: Trail): void {
    const key = hashOf(value)
    byCookie.delete(key)
    byCookie.set(key, trail)
    for (const oldest of byCookie.keys()) {
      if (byCookie.size <= MOST_BROWSERS) break
      byCookie.delete(oldest)
    }
  }

  function trailOf(req: Request): Trail {
    const cookie = cookieOf(req, kinds.of(req).cookieName)
    const known = cookie === undefined ? undefined : byCookie.get(hashOf(cookie))
    return known ?? { deeds: [], note: undefined }
  }

  /** The browser will come back with the cookies of this response, or with those of its request. */
  function follow(req: Request, res: ServerResponse, trail: Trail, { opened }: Deed): void {
    const sent = cookieOf(req, kinds.of(req).cookieName)
    if (sent !== undefined && opened?.outcome === 'valid') knowBy(sent, trail)
    for (const line of [res.getHeader('set-cookie') ?? []].flat()) {
      const { name, value } = setCookieOf(String(line))
      if (value && kinds.all.some(({ cookieName }) => cookieName === name)) knowBy(value, trail)
    }
  }

  return {
    middleware(req, res, next) {
      const trail = trailOf(req)
      const path = req.path.slice(0, LONGEST_PATH)
      const deed: Deed = { who: 'you', method: req.method, path, events: [] }
      record(trail, deed)
      byRequest.set(req, trail)
      res.on('finish', () => follow(req, res, trail, deed))
      CURRENT.run(deed, next)
    },
    of: (req) => byRequest.get(req) ?? trailOf(req),
    async asThief(trail, act) {
      const deed: Deed = { who: 'thief', method: 'GET', path: '/', events: [] }
      const result = await CURRENT.run(deed, act)
      record(trail, deed)
      return { deed, result }
    },
    untold: (act) => CURRENT.run(undefined, act),
  }
}

function record({ deeds }: Trail, deed: Deed): void {
  deeds.push(deed)
  if (deeds.length > MOST_DEEDS) deeds.shift()
}

function hashOf(value: string): string {
  return createHash('sha256').update(value).digest('base64url')
}
