/** better-auth: its sessions in secondary storage, with additional fields for the app's own data. */

import { betterAuth, type SecondaryStorage } from 'better-auth'
import { memoryAdapter } from 'better-auth/adapters/memory'
import { fromNodeHeaders } from 'better-auth/node'
import express, { type Request, type Response } from 'express'
import { type Contender, KEYS, keptOf } from '../contender.ts'
import { type Moment, momentAt } from '../moment.ts'
import type { Place } from '../place.ts'

export function betterAuthSessions(place: Place): Contender {
  const handler = momentAt('in the handler')
  const update = momentAt('inside updateSession')
  const auth = authOn(place, update)
  const app = express()
  app.set('etag', false)

  app.post('/login', async (_req, res) => {
    const email = `ann-${crypto.randomUUID()}@example.com`
    const body = { email, name: 'ann', password: crypto.randomUUID() }
    await answered(res, auth.api.signUpEmail({ body, asResponse: true }))
  })
  app.post('/increment', async (req, res) => {
    const found = await sessionOf(req)
    const count = Number(found?.session['count'] ?? 0)
    await handler.pass()
    await change(req, res, { count: count + 1 })
  })
  app.post('/key/:number', async (req, res) => {
    await change(req, res, { [`key${Number(req.params.number)}`]: true })
  })
  app.post('/slow', async (req, res) => {
    await sessionOf(req)
    await handler.pass()
    await change(req, res, { slow: true })
  })
  app.post('/logout', async (req, res) => {
    await answered(res, auth.api.signOut({ headers: headersOf(req), asResponse: true }))
  })
  app.get('/session', async (req, res) => {
    const found = await sessionOf(req)
    res.json(keptOf(found?.user.name, found?.session ?? {}))
  })
  return {
    name: 'better-auth',
    path: 'better-auth',
    with: `better-auth 1.7, secondaryStorage ${place.client ? 'on Redis' : 'in memory'}`,
    code: 'auth.api.updateSession({ body: { count: count + 1 } })',
    listener: app,
    readFirst: update,
    moments: [handler, update],
  }

  async function sessionOf(req: Request) {
    const found = await auth.api.getSession({ headers: headersOf(req) })
    return found as { user: { name: string }; session: Record<string, unknown> } | null
  }

  async function change(req: Request, res: Response, body: Record<string, unknown>) {
    await answered(res, auth.api.updateSession({ headers: headersOf(req), body, asResponse: true }))
  }
}

function authOn({ client, prefix, secret }: Place, update: Moment) {
  const keys = Array.from({ length: KEYS }, (_, at) => `key${at}`)
  const field = (type: 'number' | 'boolean') => ({ type, required: false }) as const
  return betterAuth({
    baseURL: 'http://localhost',
    secret,
    database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
    emailAndPassword: { enabled: true },
    session: {
      additionalFields: {
        count: field('number'),
        slow: field('boolean'),
        ...Object.fromEntries(keys.map((key) => [key, field('boolean')])),
      },
    },
    secondaryStorage: heldAt(update, client ? onRedis(client, prefix) : inMemory()),
  })
}

/** Its `updateSession` gets the session and then sets it: what happens in between is the race. */
function heldAt(update: Moment, storage: SecondaryStorage): SecondaryStorage {
  return {
    ...storage,
    async set(key, value, ttl) {
      if (!key.startsWith('active-sessions-')) await update.pass()
      await storage.set(key, value, ttl)
    },
  }
}

function onRedis(client: NonNullable<Place['client']>, prefix: string): SecondaryStorage {
  const keyOf = (key: string) => `${prefix}better-auth:${key}`
  return {
    get: (key) => client.get(keyOf(key)),
    getAndDelete: (key) => client.getDel(keyOf(key)),
    async increment(key, ttl) {
      const count = await client.incr(keyOf(key))
      if (count === 1) await client.expire(keyOf(key), ttl)
      return count
    },
    async set(key, value, ttl) {
      await (ttl ? client.setEx(keyOf(key), ttl, value) : client.set(keyOf(key), value))
    },
    async delete(key) {
      await client.del(keyOf(key))
    },
  }
}

function inMemory(): SecondaryStorage {
  const values = new Map<string, string>()
  const get = async (key: string) => values.get(key) ?? null
  return {
    get,
    getAndDelete: (key) => get(key).finally(() => values.delete(key)),
    async increment(key) {
      const count = Number(values.get(key) ?? 0) + 1
      values.set(key, String(count))
      return count
    },
    set: async (key, value) => void values.set(key, value),
    delete: async (key) => void values.delete(key),
  }
}

function headersOf(req: Request): Headers {
  return fromNodeHeaders(req.headers)
}

async function answered(res: Response, promise: Promise<globalThis.Response>): Promise<void> {
  const { status, headers } = await promise
  res.status(status)
  for (const line of headers.getSetCookie()) res.append('Set-Cookie', line)
  res.end()
}
