/** What the commands on a store have in common: their options, the store, and how they answer. */

import { type GuardedStore, guardedStore } from '../../backends/stored/guard.ts'
import { members, type Members } from '../../backends/stored/members.ts'
import type { StoredRules } from '../../backends/stored/plan.ts'
import type { RowCipher } from '../../backends/stored/row-cipher.ts'
import { SessionError } from '../../base/errors.ts'
import { backgroundTimer, systemClock, systemRandom, systemTimer } from '../../base/ports.ts'
import { layoutWith } from '../../session/setup/own-preset.ts'
import type { StoreVerbs } from '../../backends/stored/store.ts'
import { rowReader, unreadableOf } from './encrypted-rows.ts'
import { openStore } from './store-clients.ts'
import { failureOf } from './store-failure.ts'
import { secretsIn, storeAddress } from './store-url.ts'
import { printable } from '../../base/printable.ts'
import { printableLines } from '../command/terminal.ts'
import { usageError } from '../command/usage-error.ts'

export const STORE_USAGE = `of list, revoke and prune:
                  [--store URL]             sqlite:FILE, redis://..., rediss://..., postgres://...
                                            (without it: SOJOURN_STORE, which does not show in the
                                            list of processes)
                  [--prefix PREFIX]         the store's prefix, if the app gives it one
                  [--json]                  for programs
`

/** Options that all of them have. */
export const STORE_OPTIONS = {
  store: { type: 'string' },
  prefix: { type: 'string' },
  json: { type: 'boolean' },
} as const

/** What was given for them. */
export interface StoreValues {
  store?: string | undefined
  prefix?: string | undefined
  json?: boolean | undefined
}

/** What a command answers with. */
export interface Answer {
  /** For people. What comes from a session is made printable by whoever puts it in. */
  text: string
  /** For programs. */
  json: unknown
  /** @default 0 */
  code?: number
}

/** What a command works on. */
export interface Workplace {
  store: StoreVerbs
  members: Members
  /** The handles of a user's sessions that cannot be read: they are encrypted. */
  unreadable(user: string): Promise<string[]>
}

/** How long one call may take: nobody waits for a page here. */
const CALL_MS = 5000

/** How long connections may take to close before the command ends without that. */
const CLOSE_MS = 2000

/** Opens the store, has the work done, prints what it answers, and gives the exit code. */
export async function withStore(
  values: StoreValues,
  work: (place: Workplace) => Promise<Answer>,
  cipher: RowCipher = rowReader({}),
): Promise<number> {
  const url = urlOf(values)
  const address = storeAddress(url)
  const secrets = secretsIn(url)
  // Node would print the error with all its properties.
  process.once('uncaughtException', (error) => {
    complain(failureOf(error, secrets))
    process.exit(1)
  })
  try {
    const opened = await openStore(address, prefixOf(values))
    if ('missing' in opened) return complain(opened.missing)
    try {
      return say(await work(workplace(opened.store, cipher)), values)
    } finally {
      // A client that is gone already may throw at once: what was done is done.
      void (async () => opened.close())().catch(() => {})
    }
  } catch (error) {
    if (error instanceof SessionError && error.code === 'ERR_OPTION_INVALID') {
      throw usageError(error.message)
    }
    return complain(failureOf(error, secrets))
  } finally {
    // A connection that hangs must not keep the command; nor does this timer.
    setTimeout(() => process.exit(), CLOSE_MS).unref()
  }
}

function urlOf({ store }: StoreValues): string {
  if (store === '') throw usageError('--store is empty. Was the variable set?')
  if (store !== undefined && secretsIn(store).length > 0) {
    process.stderr.write(
      'sojourn: a password in --store stays in the history of your shell and shows in the list of\n' +
        'processes. Better: put the URL into the variable SOJOURN_STORE.\n',
    )
  }
  const url = store ?? process.env['SOJOURN_STORE']
  if (url) return url
  throw usageError('Which store? Put its URL into the variable SOJOURN_STORE, or give --store URL.')
}

function prefixOf({ prefix }: StoreValues): { prefix?: string } {
  return prefix === undefined ? {} : { prefix }
}

/** The app's own limits are not known here: a session is listed until its row's end. */
const RULES: Omit<StoredRules, 'cipher'> = {
  layout: layoutWith([]),
  lifetime: {
    idle: Infinity,
    permanent: Infinity,
    absolute: undefined,
    leeway: Infinity,
    renewal: 'never',
  },
  rotate: undefined,
  grace: 0,
}

function workplace(store: StoreVerbs, cipher: RowCipher): Workplace {
  const deadlines = { read: CALL_MS, write: CALL_MS, commit: CALL_MS }
  const world = { timer: systemTimer, background: backgroundTimer, random: systemRandom }
  const guarded: GuardedStore = guardedStore(store, { ...world, deadlines })
  const rules = { ...RULES, cipher }
  return {
    store: { ...guarded, engine: store.engine },
    members: members({ store: guarded, rules, clock: systemClock, limit: undefined }),
    unreadable: (user) => unreadableOf(user, guarded, rules),
  }
}

function say({ text, json, code = 0 }: Answer, values: StoreValues): number {
  const output = values.json ? printableLines(JSON.stringify(json, null, 2)) : text
  process.stdout.write(`${output}\n`)
  return code
}

function complain(message: string): number {
  process.stderr.write(`sojourn: ${printable(message)}\n`)
  return 1
}
