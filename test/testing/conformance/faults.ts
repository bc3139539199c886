/** What a fault is: one promise of the contract, broken. */

import type { StoreVerbs } from '../../../src/backends/stored/store.ts'
import type { List, Plain } from './plain-store.ts'

/** What is wrong, the verbs that are wrong, and words of the case that has to notice. */
export type Fault = readonly [string, (plain: Plain) => Partial<StoreVerbs>, RegExp]

/** Gives way to whoever else is at it: the gap in a verb that is not atomic. */
export const gap = (): Promise<void> => Promise.resolve()

/** Takes a key out of a list. */
export function dropKey(list: List, key: string): void {
  list.keys = list.keys.filter((other) => other !== key)
}
