/** A process on a file system that lets no file grow beyond a limit. Prints what it found, as JSON. */

import { DatabaseSync } from 'node:sqlite'
import { createSessions } from '../../../src/index.ts'
import { sqliteStore } from '../../../src/stores/sqlite/sqlite.ts'
import { testVisitor } from '../../../src/testing/testing.ts'

/** Who is signed in, by the cookies of all visitors. */
interface Open {
  readonly mona: number
  readonly lisa: number
}

/** What happened there. */
export interface FullDisk {
  /** How many visitors signed in until one could not, and the code of its error. */
  readonly logins: number
  readonly refused: string
  /** `done`, or the code of its error; and who is signed in with its cookie then. */
  readonly logout: string
  readonly afterLogout: string
  /** How many sessions `revokeUser('mona')` ended, and who was signed in before and after. */
  readonly revoked: number
  readonly openBefore: Open
  readonly openAfter: Open
}

const [, , path = '', pages = ''] = process.argv
const db = new DatabaseSync(path)
db.exec(`PRAGMA max_page_count = ${Number(pages)}`)
const store = sqliteStore(db)
await store.createSchema()
const secret = 'a secret that is long enough for this test: 0123456789'
const sessions = createSessions({
  secret,
  store,
  deadlines: { read: '30s', write: '30s', commit: '60s' },
})
const outcomeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: { code?: string }) => String(error.code),
  )

const cookies: string[] = []
let refused = 'done'
for (;;) {
  const visitor = testVisitor(sessions)
  refused = await outcomeOf(
    visitor.session((session) => {
      session.login(cookies.length % 2 === 0 ? 'mona' : 'lisa')
      session.set('notes', 'x'.repeat(4000))
    }),
  )
  if (refused !== 'done') break
  cookies.push(visitor.cookie)
}

async function whoIsOpen(): Promise<Open> {
  const open = { mona: 0, lisa: 0 }
  for (const cookie of cookies) {
    const { userId } = await sessions.open(cookie)
    if (userId === 'mona' || userId === 'lisa') open[userId] += 1
  }
  return open
}

const leaving = await sessions.open(cookies[0])
leaving.logout()
const logout = await outcomeOf(leaving.commit())
const afterLogout = (await sessions.open(cookies.shift())).userId ?? 'nobody'
const openBefore = await whoIsOpen()
let revoked = 0
await outcomeOf(sessions.revokeUser('mona').then(({ ended }) => (revoked = ended)))
const openAfter = await whoIsOpen()

const found: FullDisk = {
  logins: cookies.length + 1,
  refused,
  logout,
  afterLogout,
  revoked,
  openBefore,
  openAfter,
}
process.stdout.write(JSON.stringify(found))
// A logout that was not confirmed is retried for minutes.
process.exit()
