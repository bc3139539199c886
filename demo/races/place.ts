/** Where the libraries of the race keep their sessions: in one Redis, or each in its own memory. */

import { randomBytes } from 'node:crypto'
import { createClient } from 'redis'

type Client = Awaited<ReturnType<typeof connected>>

/** One Redis for all, each library below a prefix of its own. */
export interface Place {
  /** `undefined`: no Redis; each library uses its own store in memory. */
  readonly client: Client | undefined
  readonly prefix: string
  readonly secret: string
  /** Deletes what the race left, and ends the connection. */
  close(): Promise<void>
}

/** @throws if the Redis cannot be reached */
export async function placeAt(url: string | undefined): Promise<Place> {
  const prefix = `races-${randomBytes(6).toString('hex')}:`
  const secret = randomBytes(32).toString('base64url')
  if (url === undefined) return { client: undefined, prefix, secret, close: async () => {} }
  const client = await connected(url)
  return {
    client,
    prefix,
    secret,
    async close() {
      for await (const keys of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 1000 })) {
        if (keys.length > 0) await client.del(keys)
      }
      client.destroy()
    },
  }
}

async function connected(url: string) {
  const client = createClient({ url, socket: { reconnectStrategy: false } })
  // Without a listener a connection that breaks would end the process.
  client.on('error', () => {})
  await client.connect()
  return client
}
