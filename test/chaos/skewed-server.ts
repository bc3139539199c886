/** A server whose clock is wrong: under `faketime`, it does what it reads from stdin, line by line. */

import { createInterface } from 'node:readline'
import { createSessions, type Session } from '../../src/index.ts'
import { openStore, type Place } from '../promises/open-store.ts'
import { SECRET } from '../session/visitor.ts'

const [place, idle] = process.argv.slice(2) as [string, string]
const { store: opened } = await openStore(JSON.parse(place) as Place)
/** The epoch that the last login has read, from which on it counts as called. */
let epoch: Promise<number> | undefined
const store: typeof opened = { ...opened, epoch: (owner) => (epoch = opened.epoch(owner)) }
const sessions = createSessions<{ n: number }>({
  secret: SECRET,
  store,
  lifetime: { idle, permanent: idle, absolute: '30d' },
  deadlines: { read: '20s', write: '20s', commit: '30s' },
})

/** Logins whose commit is yet to come. */
let waiting: Session | undefined

async function committed(session: Session): Promise<string> {
  return (await session.commit()).getSetCookie()[0]?.split(';')[0] ?? ''
}

const ACTS = {
  now: async () => Date.now(),
  async login(userId: string) {
    const session = await sessions.open(null)
    session.login(userId)
    return committed(session)
  },
  async callLogin(userId: string) {
    waiting = await sessions.open(null)
    waiting.login(userId)
    await epoch
  },
  commitLogin: async () => committed(waiting!),
  whoIs: async (cookie: string) => (await sessions.open(cookie)).userId ?? null,
  async write(cookie: string) {
    const session = await sessions.open(cookie)
    session.update('n', (n = 0) => n + 1)
    return committed(session)
  },
  list: async (userId: string) => (await sessions.list(userId)).length,
  revokeUser: (userId: string) => sessions.revokeUser(userId),
  prune: () => sessions.prune(),
} as const

export type Act = keyof typeof ACTS

for await (const line of createInterface({ input: process.stdin })) {
  const [act, argument] = JSON.parse(line) as [Act, never]
  const outcome = await ACTS[act](argument).then(
    (value: unknown) => ({ value }),
    (error: { code?: string; message: string }) => ({ error: error.code ?? error.message }),
  )
  process.stdout.write(`${JSON.stringify(outcome)}\n`)
}
process.exit()
