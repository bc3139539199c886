/** Users and their passwords, in memory. Replace this file by your database. */

import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

const hash = promisify(scrypt) as (
  password: string,
  salt: Buffer,
  length: number,
) => Promise<Buffer>

interface User {
  readonly id: string
  readonly name: string
  readonly salt: Buffer
  readonly hash: Buffer
}

// Next loads this file several times in one process.
const shared = globalThis as { users?: Map<string, User> }
const users = (shared.users ??= new Map())

/** Compared with if there is no such user: otherwise the time would tell which names exist. */
const nobody: Omit<User, 'id' | 'name'> = { salt: randomBytes(16), hash: randomBytes(64) }

/** Adds a user. Returns a sentence if the name or the password cannot be used. */
export async function signUp(name: string, password: string): Promise<string | undefined> {
  if (!/^\w{2,30}$/.test(name)) return 'A name has 2 to 30 letters, digits or underscores.'
  if (password.length < 8 || password.length > 200) return 'A password has 8 to 200 characters.'
  const salt = randomBytes(16)
  const user = { id: name.toLowerCase(), name, salt, hash: await hash(password, salt, 64) }
  if (users.has(user.id)) return 'That name is taken.'
  users.set(user.id, user)
  return undefined
}

/** Returns the user if the password is correct. */
export async function checkPassword(name: string, password: string): Promise<User | undefined> {
  const user = users.get(name.toLowerCase())
  const { salt, hash: expected } = user ?? nobody
  const isRight = timingSafeEqual(await hash(password.slice(0, 200), salt, 64), expected)
  return isRight ? user : undefined
}
