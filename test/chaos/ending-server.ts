/** A server that ends as the guide says, with sessions in a SQLite file: `node ending-server.ts FILE`. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { withSessions } from '../../src/adapters/node/node.ts'
import { createSessions } from '../../src/index.ts'
import { sqliteStore } from '../../src/stores/sqlite/sqlite.ts'
import { SECRET } from '../session/visitor.ts'

const say = (line: string) => void process.stdout.write(`${line}\n`)

const db = new DatabaseSync(process.argv[2]!)
const store = sqliteStore(db)
await store.createSchema()
const sessions = createSessions<{ draft: string }>({
  secret: SECRET,
  store,
  deadlines: { read: '20s', write: '20s', commit: '30s' },
})

const server = createServer(
  withSessions(sessions, async (req, res) => {
    const session = await sessions.get(req)
    if (req.url === '/sign-in') session.login('ann')
    if (req.url === '/write') session.set('draft', 'text')
    res.end('done')
    say(`answered ${req.url}`)
  }),
)
server.listen(0, () => say(`listens at ${(server.address() as AddressInfo).port}`))

process.once('SIGTERM', async () => {
  await new Promise((closed) => server.close(closed))
  say('closing')
  say(`left ${JSON.stringify(await sessions.close())}`)
  db.close()
})
