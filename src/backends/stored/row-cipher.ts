/** Keeps what a row says from who reads the store, and binds it to the row's key. */

import type { Encrypter } from '../../crypto/encrypted.ts'
import type { Migration } from '../../crypto/sealer.ts'

/** Seals the text of a row, and opens it. */
export interface RowCipher {
  seal(text: string, key: string): string
  /** What was sealed for this key, or `undefined`. `key` in the answer is the index of the secret. */
  open(body: string, key: string): { text: string; key: number; isFormer: boolean } | undefined
}

/** Makes the cipher of a store's rows. Those that are not encrypted open until the migration ends. */
export function rowCipher(encrypter: Encrypter, { from, until, clock }: Migration): RowCipher {
  return {
    seal(text, key) {
      const now = clock()
      return now < from ? text : encrypter.seal(text, Math.floor(now / 1000), key)
    },
    open(body, key) {
      // A row that is not encrypted has a line of its own for its head; an envelope has one line.
      if (body.includes('\n')) {
        const now = clock()
        return now < until ? { text: body, key: 0, isFormer: now >= from } : undefined
      }
      const opened = encrypter.open(body, key)
      return typeof opened === 'string' ? undefined : { ...opened, isFormer: false }
    },
  }
}
