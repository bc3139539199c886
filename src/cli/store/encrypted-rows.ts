/** Rows of a store that are encrypted: read with the app's secrets, counted without. */

import { decodeEntry } from '../../backends/stored/entry.ts'
import type { GuardedStore } from '../../backends/stored/guard.ts'
import type { StoredRules } from '../../backends/stored/plan.ts'
import { type RowCipher, rowCipher } from '../../backends/stored/row-cipher.ts'
import { encrypter } from '../../crypto/encrypted.ts'
import { keyring } from '../../crypto/keyring.ts'
import { keyFor } from '../../crypto/keys.ts'
import { systemClock } from '../../base/ports.ts'
import { usageError } from '../command/usage-error.ts'
import { USUAL_NAMES } from '../inspect/verify.ts'

/** What the keys of rows depend on. */
export interface RowKeys {
  'secret-env'?: string[] | undefined
  name?: string | undefined
  audience?: string | undefined
}

/** Options of a command that reads rows. */
export const ROW_OPTIONS = {
  'secret-env': { type: 'string', multiple: true },
  name: { type: 'string' },
  audience: { type: 'string' },
} as const

const USUAL_VARIABLES = ['SESSION_SECRET', 'SESSION_SECRET_PREVIOUS']

/** Opens rows with whatever secrets there are; rows that are not encrypted need none. */
export function rowReader({ 'secret-env': variables, name, audience = '' }: RowKeys): RowCipher {
  const given = (variables ?? USUAL_VARIABLES).map((variable) => process.env[variable] ?? '')
  // The name is not repeated: with a stray $ it is the secret.
  if (variables && given.includes('')) {
    throw usageError('The variable that --secret-env names is not set, or empty.')
  }
  const [first, ...others] = given.filter((secret) => secret !== '')
  const policy = { where: 'secret', remedy: '', refuse: [] }
  const secrets = first === undefined ? [] : keyring([first, ...others], policy).secrets
  const ciphers = secrets.flatMap((secret) =>
    (name === undefined ? USUAL_NAMES : [name]).map((cookieName) => {
      const scope = { audience, cookieName }
      const sealer = encrypter([keyFor(secret, 'row', scope)], { ...scope, purpose: 'row' })
      return rowCipher(sealer, { from: 0, until: 0, clock: systemClock })
    }),
  )
  return {
    // Nothing is written here.
    seal: (text) => text,
    open(body, key) {
      if (body.includes('\n')) return { text: body, key: 0, isFormer: false }
      for (const cipher of ciphers) {
        const opened = cipher.open(body, key)
        if (opened) return opened
      }
      return undefined
    },
  }
}

/** The handles of a user's sessions that nothing here opens. */
export async function unreadableOf(
  owner: string,
  store: GuardedStore,
  rules: StoredRules,
): Promise<string[]> {
  const found: string[] = []
  for (const key of await store.list(owner)) {
    const row = await store.read(key)
    if (row?.owner === owner && !decodeEntry(key, row, rules)) found.push(key)
  }
  return found
}
