/** Keeps what a row says from who reads the store, and binds it to the row's key. */

import type { Clock } from '../base/ports.ts'
import type { Encrypter } from '../crypto/encrypted.ts'

/** Seals the text of a row, and opens it. */
export interface RowCipher {
  seal(text: string, key: string): string
  /** What was sealed for this key, or `undefined`. `key` in the answer is the index of the secret. */
  open(body: string, key: string): { text: string; key: number; isFormer: boolean } | undefined
}

/**
 * Makes the cipher of a store's rows.
 *
 * @param plainUntil rows that are not encrypted open until then, in milliseconds since 1970.
 */
export function rowCipher(encrypter: Encrypter, plainUntil: number, clock: Clock): RowCipher {
  return {
    seal: (text, key) => encrypter.seal(text, Math.floor(clock() / 1000), key),
    open(body, key) {
      // A row that is not encrypted has a line of its own for its head; an envelope has one line.
      if (body.includes('\n')) {
        return clock() < plainUntil ? { text: body, key: 0, isFormer: true } : undefined
      }
      const opened = encrypter.open(body, key)
      return typeof opened === 'string' ? undefined : { ...opened, isFormer: false }
    },
  }
}
