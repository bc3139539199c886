/** Chance that comes out the same for the same seed. */

/** Draws. */
export interface Chance {
  /** A number from 0 up to 1. */
  next(): number
  /** A whole number from 0 up to `bound`. */
  below(bound: number): number
  /** Whether something of this probability happens. */
  is(probability: number): boolean
  pick<Item>(items: readonly Item[]): Item
  bytes(size: number): Uint8Array
}

/** Makes the chance of one schedule: sfc32, which is small, fast and good enough for this. */
export function chanceOf(seed: number): Chance {
  let [a, b, c, d] = [0x9e3779b9, 0x243f6a88, 0xb7e15162, seed | 1]
  d ^= Math.trunc(seed / 2 ** 31) * 0x85ebca6b
  c ^= seed & 1

  function word(): number {
    const sum = (a + b + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + sum) | 0
    return sum >>> 0
  }

  for (let round = 0; round < 12; round += 1) word()
  const next = () => word() / 2 ** 32
  const below = (bound: number) => Math.floor(next() * bound)
  return {
    next,
    below,
    is: (probability) => next() < probability,
    pick: (items) => items[below(items.length)]!,
    bytes(size) {
      const bytes = new Uint8Array(size)
      for (let at = 0; at < size; at += 4) {
        const four = word()
        for (let part = 0; part < 4 && at + part < size; part += 1) {
          bytes[at + part] = four >>> (part * 8)
        }
      }
      return bytes
    },
  }
}
