/** What the inspector shows of the current session: the data, the cookie, the times, the user's sessions. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { OPENS } from '../base/channels.ts'
import { codeOf } from '../base/errors.ts'
import { subscribe } from '../base/subscribe.ts'
import { describe, type Description } from '../inspect/description.ts'
import type { GivenSecret } from '../inspect/verify.ts'
import { cookieValues } from '../http/cookie.ts'
import type { OpenMessage } from '../session/explain/messages.ts'
import type { Session } from '../session/session.ts'
import type { Sessions, StoredSessions } from '../session/sessions.ts'
import type { ListedSession } from '../session/stored-sessions.ts'
import { REJECTIONS } from './sentences.ts'

/** One key of the session. */
export interface KeyView {
  readonly key: string
  readonly type: string
  /** Bytes of its JSON. */
  readonly bytes: number
  /** The start of its JSON. */
  readonly value: string
}

/** The inspector's picture of a browser's session. */
export interface Snapshot {
  readonly now: number
  readonly outcome: string
  readonly says: string
  readonly userId: string | undefined
  readonly handle: string | undefined
  readonly label: string | undefined
  readonly permanent: boolean
  readonly authenticatedAt: number | undefined
  /** The index of the secret; 0 is the current one. */
  readonly key: number | undefined
  readonly expires: OpenMessage['expires']
  readonly keys: readonly KeyView[]
  readonly cookies: readonly Description[]
  readonly others: readonly ListedSession[]
  readonly secrets: readonly { opened: number; lastAt: number | undefined }[]
  readonly policy: ReturnType<Sessions['describePolicy']>
}

/** At most so many characters of a value are shown. */
const LONGEST_VALUE = 400

/** Takes pictures of sessions. */
export interface Camera {
  /** The session of a Cookie header. */
  look(cookieHeader: string | null): Promise<Snapshot>
  /** Whether the inspector itself runs now, so that the timeline leaves that out. */
  isLooking(): boolean
}

/** Makes the camera. `secrets` verify the cookie, if the app has passed them. */
export function camera(sessions: Sessions, secrets: readonly GivenSecret[]): Camera {
  const looking = new AsyncLocalStorage<{ opened?: OpenMessage }>()
  subscribe<OpenMessage>(OPENS.end, (message) => {
    const picture = looking.getStore()
    if (picture) picture.opened = { ...message }
  })

  async function look(cookieHeader: string | null): Promise<Snapshot> {
    const picture: { opened?: OpenMessage } = {}
    const policy = sessions.describePolicy()
    return looking.run(picture, async () => {
      const session = await sessions.open(cookieHeader).catch(() => undefined)
      const { outcome = 'failed', key, expires } = picture.opened ?? {}
      const values = cookieValues(cookieHeader, policy.cookie.name)
      const now = Date.now()
      return {
        now,
        outcome,
        says: sentence(picture.opened, values.length),
        userId: session?.userId,
        handle: session?.handle,
        label: session?.label,
        permanent: session?.permanent ?? false,
        authenticatedAt: session?.authenticatedAt?.getTime(),
        key,
        expires,
        keys: session ? [...keysOf(session)] : [],
        cookies: values.map((value) =>
          describe({ name: policy.cookie.name, value, attributes: [] }, { secrets, now }),
        ),
        others: session ? await othersOf(sessions, session) : [],
        secrets: sessions
          .secretUse()
          .map(({ opened, lastAt }) => ({ opened, lastAt: lastAt?.getTime() })),
        policy,
      }
    })
  }

  return { look, isLooking: () => looking.getStore() !== undefined }
}

function sentence(opened: OpenMessage | undefined, sent: number): string {
  const { outcome = 'failed', reason, code = 'UNKNOWN' } = opened ?? {}
  if (outcome === 'valid') return 'The session is valid.'
  if (outcome === 'failed') return `The session could not be opened: ${code}.`
  if (outcome === 'rejected' && reason) return REJECTIONS[reason]
  return sent === 0 ? NO_COOKIE : 'The session is empty.'
}

const NO_COOKIE =
  'This browser sent no session cookie: nothing was saved yet, or the browser did not store it (a Secure cookie over plain HTTP, another host name, another path).'

function* keysOf(session: Session): IterableIterator<KeyView> {
  for (const [key, value] of session.entries()) {
    const text = jsonOf(value)
    yield {
      key,
      type: typeOf(value),
      bytes: Buffer.byteLength(text),
      value: text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}...` : text,
    }
  }
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return `list of ${value.length}`
  if (typeof value !== 'object') return typeof value
  return Object.prototype.toString.call(value).slice('[object '.length, -1)
}

function jsonOf(value: unknown): string {
  const plain = (_key: string, member: unknown) =>
    typeof member === 'bigint' ? `${member}n` : member
  return JSON.stringify(value, plain) ?? String(value)
}

/** The sessions of the same user, with a store. */
async function othersOf(sessions: Sessions, session: Session): Promise<ListedSession[]> {
  if (!isStored(sessions) || session.userId === undefined) return []
  try {
    return await sessions.list(session.userId, { current: session.handle })
  } catch (error) {
    if (codeOf(error) === 'UNKNOWN') throw error
    return []
  }
}

/** Whether the sessions are in a store. */
export function isStored(sessions: Sessions): sessions is StoredSessions {
  return 'revoke' in sessions
}
