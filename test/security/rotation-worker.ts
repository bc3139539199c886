/** One process of a site with several, whose secrets change while it serves. */

import { createSessions, SessionError, type SessionEvent, type Sessions } from '../../src/index.ts'
import { openStore, type Place } from '../promises/open-store.ts'

/** What a process is told when it starts. */
export interface Start {
  readonly place: Place | undefined
  readonly encrypt: boolean
  readonly rotate: boolean
}

/** One request: it says who is there, and may count, or sign in first. */
export interface Request {
  readonly cookie: string
  readonly does: 'look' | 'count' | { readonly login: string }
}

/** What a request came to. */
export interface Response {
  readonly setCookie: string | undefined
  readonly user: string | undefined
  readonly count: number
}

/** What a process is told while it serves. */
export type Order =
  | { readonly order: number; readonly secrets: readonly string[]; readonly now: number }
  | { readonly order: number; readonly requests: readonly Request[]; readonly now: number }
  | { readonly order: number; readonly tell: 'secretUse' }

/** Its answer to an order. */
export interface Done {
  readonly order: number
  readonly responses?: readonly Response[]
  readonly failure?: string
  readonly use?: ReturnType<Sessions['secretUse']>
  /** How often each event was heard since the last answer. */
  readonly events: Readonly<Record<string, number>>
}

const { place, encrypt, rotate }: Start = JSON.parse(process.argv[2] ?? '')
let now = 0
let sessions: Sessions<any> | undefined
let events: Record<string, number> = {}
const clock = () => now
const opened = place && (await openStore(place, clock))

function take(secrets: readonly string[]): void {
  const onEvent = (event: SessionEvent) => {
    const name = 'reason' in event ? `${event.type}: ${event.reason}` : event.type
    events[name] = (events[name] ?? 0) + 1
  }
  sessions = createSessions<any>({
    secret: secrets,
    clock,
    onEvent,
    cookie: { name: 'session', secure: false },
    lifetime: { idle: '10m' },
    ...(encrypt ? { encrypt } : {}),
    ...(rotate ? { rotate: '1m' } : {}),
    ...(opened
      ? { store: opened.store, deadlines: { read: '20s', write: '20s', commit: '30s' } }
      : {}),
  })
}

async function serve({ cookie, does }: Request): Promise<Response> {
  const session = await sessions!.open(cookie)
  const user = session.userId
  if (typeof does === 'object') session.login(does.login)
  if (does === 'count' && user !== undefined) session.update('count', (count = 0) => count + 1)
  const headers = await session.commit().catch((error: unknown) => {
    if (error instanceof SessionError && error.code === 'ERR_SESSION_GONE') return undefined
    throw error
  })
  if (!headers) return { setCookie: undefined, user: undefined, count: 0 }
  return {
    setCookie: headers.getSetCookie()[0],
    user: typeof does === 'object' ? session.userId : user,
    count: session.get('count', 0),
  }
}

async function obey(told: Order): Promise<Omit<Done, 'order' | 'events'>> {
  if ('tell' in told) return { use: sessions!.secretUse() }
  now = told.now
  if ('requests' in told) return { responses: await Promise.all(told.requests.map(serve)) }
  take(told.secrets)
  return {}
}

process.on('message', (told: Order) => {
  void obey(told)
    .catch((error: unknown) => ({ failure: String(error) }))
    .then((done) => {
      process.send!({ order: told.order, events, ...done } satisfies Done)
      events = {}
    })
})
process.on('disconnect', () => process.exit())
process.send!('ready')
