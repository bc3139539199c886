/** What the inspector shows of the current session: the data, the cookie, the times, the user's sessions. */

import { OPENS, WARNINGS } from '../base/channels.ts'
import { codeOf } from '../base/errors.ts'
import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe } from '../base/subscribe.ts'
import type { GivenSecret } from '../inspect/verify.ts'
import { cookieValues } from '../http/cookie.ts'
import type { OpenMessage, WarningMessage } from '../session/explain/channel-messages.ts'
import type { Session } from '../session/session.ts'
import type { Sessions, StoredSessions } from '../session/sessions.ts'
import type { ListedSession } from '../session/stored-sessions.ts'
import { type Explanation, explain } from './explain.ts'
import { says } from './sentences.ts'
import { type KeyView, keysOf, shortText } from './values.ts'

/** The inspector's picture of a browser's session. */
export interface Snapshot {
  readonly now: number
  readonly outcome: string
  readonly says: string
  /** What the console says of it in development: the probable cause, and what to do. */
  readonly warnings: readonly string[]
  readonly userId: string | undefined
  readonly handle: string | undefined
  readonly label: string | undefined
  readonly permanent: boolean
  readonly authenticatedAt: number | undefined
  /** The index of the secret; 0 is the current one. */
  readonly key: number | undefined
  readonly expires: OpenMessage['expires']
  /** The largest keys, and how many there are. */
  readonly keys: readonly KeyView[]
  readonly keyCount: number
  readonly cookies: readonly Explanation[]
  readonly others: readonly ListedSession[]
  readonly secrets: readonly { opened: number; lastAt: number | undefined }[]
  readonly policy: ReturnType<Sessions['describePolicy']>
}

/** How a Cookie header was opened. */
interface Picture {
  opened: OpenMessage | undefined
  readonly warnings: string[]
  session: Session | undefined
}

/** Takes pictures of sessions. */
export interface Camera {
  /** The session of a Cookie header. */
  look(cookieHeader: string | null): Promise<Snapshot>
  /** What this app does with a Cookie header, in a sentence for each thing to say. */
  verdictOn(cookieHeader: string): Promise<readonly string[]>
  /** Whether the inspector itself runs now, so that the timeline leaves that out. */
  isLooking(): boolean
}

/** Makes the camera. `secrets` verify the cookie, if the app has passed them. */
export function camera(sessions: Sessions, secrets: readonly GivenSecret[]): Camera {
  const looking = new AsyncLocalStorage<Picture>()
  const policy = sessions.describePolicy()
  const { name } = policy.cookie
  subscribe<OpenMessage>(OPENS.end, (message) => {
    const picture = looking.getStore()
    if (picture && message.cookieName === name) picture.opened = { ...message }
  })
  subscribe<WarningMessage>(WARNINGS, ({ cookieName, line }) => {
    if (cookieName === name) looking.getStore()?.warnings.push(line)
  })

  function take<Value>(
    cookieHeader: string | null,
    develop: (picture: Picture) => Value | Promise<Value>,
  ): Promise<Value> {
    const picture: Picture = { opened: undefined, warnings: [], session: undefined }
    return looking.run(picture, async () => {
      picture.session = await sessions.open(cookieHeader).catch(() => undefined)
      return develop(picture)
    })
  }

  return {
    look: (cookieHeader) =>
      take(cookieHeader, async ({ opened, warnings, session }) => {
        const { outcome = 'failed', key, expires } = opened ?? {}
        const values = cookieValues(cookieHeader, name)
        const now = opened?.at ?? Date.now()
        return {
          now,
          outcome,
          says: says(opened, values.length, session),
          warnings,
          userId: session?.userId,
          handle: session?.handle,
          label: session?.label === undefined ? undefined : shortText(session.label),
          permanent: session?.permanent ?? false,
          authenticatedAt: session?.authenticatedAt?.getTime(),
          key,
          expires,
          keys: session ? keysOf(session) : [],
          keyCount: session?.size ?? 0,
          cookies: values.map((value) =>
            explain({ name, value, attributes: [] }, { secrets, now, policy }),
          ),
          others: session ? await othersOf(sessions, session) : [],
          secrets: sessions
            .secretUse()
            .map(({ opened: count, lastAt }) => ({ opened: count, lastAt: lastAt?.getTime() })),
          policy,
        }
      }),
    verdictOn: (cookieHeader) =>
      take(cookieHeader, ({ opened, warnings, session }) => [
        says(opened, 1, session),
        ...warnings,
      ]),
    isLooking: () => looking.getStore() !== undefined,
  }
}

/** The sessions of the same user, with a store. */
async function othersOf(sessions: Sessions, session: Session): Promise<ListedSession[]> {
  if (!isStored(sessions) || session.userId === undefined) return []
  try {
    const listed = await sessions.list(session.userId, { current: session.handle })
    return listed.map((one) =>
      one.label === undefined ? one : { ...one, label: shortText(one.label) },
    )
  } catch (error) {
    if (codeOf(error) === 'UNKNOWN') throw error
    return []
  }
}

/** Whether the sessions are in a store. */
export function isStored(sessions: Sessions): sessions is StoredSessions {
  return 'revoke' in sessions
}
