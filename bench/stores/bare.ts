/** The round trips of a store by hand, on Express: what no library for sessions can do without. */

import { createHash } from 'node:crypto'
import express, { type Express, type Request } from 'express'
import { small } from '../payloads.ts'

/** Reads and replaces a row under a key. */
export interface BareStore {
  read(key: string): Promise<string | null>
  write(key: string, value: string, before: string): Promise<unknown>
}

/** The pages over a row of JSON. The cookie is the key; nothing is signed, no response held. */
export function bare(store: BareStore): Express {
  const app = express().disable('x-powered-by').disable('etag')
  let made = 0
  app.get('/new', async (_req, res) => {
    const key = `bare${made++}`
    await store.write(key, JSON.stringify(small), '')
    res.setHeader('set-cookie', `session=${key}`)
    res.send('made')
  })
  const keyOf = (req: Request) => req.headers.cookie!.slice('session='.length)
  app.get('/read', async (req, res) => {
    const { user_id } = JSON.parse((await store.read(keyOf(req)))!)
    res.send(String(user_id))
  })
  app.get('/write', async (req, res) => {
    const key = keyOf(req)
    const before = (await store.read(key))!
    const data = JSON.parse(before)
    data.visits += 1
    await store.write(key, JSON.stringify(data), before)
    res.send(String(data.visits))
  })
  return app
}

/** Compare-and-swap on the whole value, run by its hash as our scripts are. */
export const BARE_SWAP = `
local value = redis.call('GET', KEYS[1])
if ARGV[1] ~= '' and value ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', 86400000)
return 1
`

export const BARE_SWAP_SHA = createHash('sha1').update(BARE_SWAP).digest('hex')
