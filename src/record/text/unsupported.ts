/** Why a value cannot be encoded, and where in it: `at cart.items[2] it holds a function`. */

/** Thrown where a value cannot be encoded. The path is completed on the way up. */
export class Unsupported extends Error {
  readonly path: (string | number)[] = []

  /** The reason, and where it is in the value of a key: `at cart.items[2] it holds a function`. */
  told(key: string): string {
    if (this.path.length === 0) return this.message
    const shown = this.path.slice(0, LONGEST_PATH).map(pathPart).join('')
    return `at ${key}${shown}${this.path.length > LONGEST_PATH ? '…' : ''} ${this.message}`
  }
}

const LONGEST_PATH = 6

/** A member's name is shown only if an app's programmer wrote it: others may be somebody's data. */
function pathPart(member: string | number): string {
  if (typeof member === 'number') return `[${member}]`
  return /^[a-z_$][\w$]{0,14}$/i.test(member) ? `.${member}` : '[…]'
}

/** Refuses a value. `spell` in codec.ts turns it into ERR_VALUE_UNSUPPORTED. */
export function refuse(why: string): never {
  throw new Unsupported(why)
}
