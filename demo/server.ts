/** Starts the demo: `npm run demo`, or `node demo/server.ts --store redis`. */

import { mkdirSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parseArgs } from 'node:util'
import { createApp } from './app.ts'
import { keptSecret } from './secret.ts'
import { isPlace, openPlace, type Place, PLACES, pruneHourly, reasonOf, REMEDIES } from './store.ts'

// A demo runs on somebody's own machine over plain HTTP, where a Secure cookie may be dropped.
process.env['NODE_ENV'] ??= 'development'

const folder = process.env['DEMO_DATA'] ?? join(import.meta.dirname, '.data')
mkdirSync(folder, { recursive: true, mode: 0o700 })

const place = chosenPlace()
const { store, where, close } = await openPlace(place, folder).catch((error: unknown) =>
  stop([reasonOf(error), REMEDIES[place]].filter(Boolean).join('\n')),
)
if (store) pruneHourly(store)

const { app, sessions } = createApp({
  store,
  db: new DatabaseSync(join(folder, 'demo.sqlite')),
  secret: keptSecret(join(folder, 'secret')),
})

const wanted = Number(process.env['PORT'] ?? 3000)
const server = await listen(wanted, 20)
const { port } = server.address() as AddressInfo
let ending: Promise<void> | undefined
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => void (ending ??= end()))
if (port !== wanted && wanted !== 0) console.log(`Port ${wanted} is taken.`)
console.log(`Sessions are kept ${where}.`)
console.log(`The Sojourn demo is at http://localhost:${port}`)

/** Ends in order: the requests, then what the store has not confirmed yet, then its connection. */
async function end(): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  // A request that is not answered by then is not waited for.
  setTimeout(() => server.closeAllConnections(), 5_000).unref()
  await closed
  const { commits, logouts } = await sessions.close()
  if (commits + logouts > 0) {
    console.error(`The store did not confirm ${commits} changes and ${logouts} logouts.`)
  }
  await close()
}

/** What `--store` says. */
function chosenPlace(): Place {
  try {
    const { values } = parseArgs({ options: { store: { type: 'string', default: PLACES[0] } } })
    if (isPlace(values.store)) return values.store
  } catch {
    // Another option: told as below.
  }
  return stop(`The one option is --store with one of: ${PLACES.join(', ')}.`)
}

/** Says why the demo cannot start, and ends. */
function stop(line: string): never {
  console.error(line)
  process.exit(1)
}

/** Listens on a port, or on the next one that is free. */
async function listen(port: number, attempts: number): Promise<Server> {
  const server = createServer(app)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, process.env['HOST'], resolve)
    })
    return server
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    if (!isTaken || attempts === 0) throw error
    return listen(port + 1, attempts - 1)
  }
}
