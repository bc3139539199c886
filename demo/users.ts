/** Who can sign in: two people of the demo, their passwords hashed at start-up. */

import { randomBytes, scrypt, scryptSync, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

/** Somebody with an account. */
export interface User {
  readonly id: string
  readonly name: string
}

/** The accounts. */
export interface Users {
  find(id: string | undefined): User | undefined
  /** The user, if the password is theirs. Takes as long for a name that nobody has. */
  check(id: string, password: string): Promise<User | undefined>
}

/** Shown on the sign-in page. An app of your own keeps the hashes alone, in its database. */
export const DEMO_ACCOUNTS = [
  { id: 'ada', name: 'Ada Lovelace', password: 'engine-1843' },
  { id: 'grace', name: 'Grace Hopper', password: 'compiler-1952' },
] as const

interface Hashed {
  salt: Buffer
  hash: Buffer
}

/** Makes the accounts of the demo. */
export function demoUsers(): Users {
  const accounts = new Map<string, User & Hashed>()
  for (const { id, name, password } of DEMO_ACCOUNTS) {
    accounts.set(id, { id, name, ...hashed(password) })
  }
  const nobody = hashed(randomBytes(16).toString('hex'))

  return {
    find: (id) => accounts.get(id ?? ''),
    async check(id, password) {
      const account = accounts.get(id.toLowerCase())
      const { salt, hash } = account ?? nobody
      const given = await derive(password.normalize('NFKC'), salt, hash.length)
      return timingSafeEqual(given, hash) ? account : undefined
    },
  }
}

const derive = promisify<string, Buffer, number, Buffer>(scrypt)

function hashed(password: string): Hashed {
  const salt = randomBytes(16)
  return { salt, hash: scryptSync(password.normalize('NFKC'), salt, 64) }
}
