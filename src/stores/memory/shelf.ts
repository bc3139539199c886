/** Flat strings under keys, in bounds of number and size, swept in small steps. */

/** What a shelf needs to know of what stands on it. */
export interface ShelfRules {
  /** The most strings. */
  readonly entries: number
  /** About the most bytes. */
  readonly bytes: number
  /** The bytes of a string. */
  weightOf(text: string): number
  /** Whether a string may be dropped: its time is over, or, where room is short, nearly so. */
  isDue(text: string, room: 'enough' | 'short'): boolean
  /** Told of a string that was dropped for want of room alone. */
  onDropped?(text: string): void
}

/** Strings under keys. */
export interface Shelf {
  get(key: string): string | undefined
  /** Puts a string there, as the one written last, and drops others if there is no room. */
  put(key: string, text: string): void
  drop(key: string): void
  /** Looks at the next few strings, and drops those that are due. */
  sweep(): void
  /** The keys and strings, a few thousand at a time, the first of each part the longest unwritten. */
  parts(): Iterable<ReadonlyMap<string, string>>
  /**
   * Drops what is due, up to that many, and says after each step how many it has dropped in it.
   *
   * A step looks at `PRUNE_STEP` strings at most, however many there are: between two of them other
   * work can be done. The next prune goes on where this one has ended.
   */
  prune(most: number): Generator<number, void>
}

/**
 * The strings of one part: V8 grows or shrinks such a table in less than a millisecond, and 2048
 * places hold even a part that got more than its share.
 */
const PART = 1900

/** Enough for eight million strings: beyond that the parts grow, and not their number. */
const MOST_PARTS = 4096

/** How many strings a step of the sweep looks at. It outruns the inserts, which bring one each. */
const STEP = 4

/** How many strings a step of a prune looks at: a tenth of a millisecond. */
export const PRUNE_STEP = 1000

/** How many strings are looked at for one that is over before one is dropped that is not. */
const SEARCH = 64

/** What a string costs beside its characters: two headers, padding and a place in the table. */
const OVERHEAD = 88

/** Makes an empty shelf. */
export function makeShelf({ entries, bytes, weightOf, isDue, onDropped }: ShelfRules): Shelf {
  const parts = Math.min(MOST_PARTS, Math.ceil(entries / PART))
  const maps = Array.from({ length: parts }, () => new Map<string, string>())
  let count = 0
  let weight = 0
  let oldestIn = 0
  let sweptIn = 0
  let prunedIn = 0
  let hand = maps[0]!.entries()

  const mapOf = (key: string) => maps[hashOf(key) % maps.length]!
  const isOverfull = () => count > entries || weight > bytes

  function drop(key: string): void {
    const map = mapOf(key)
    const text = map.get(key)
    if (text === undefined) return
    map.delete(key)
    count--
    weight -= OVERHEAD + key.length + weightOf(text)
  }

  function put(key: string, text: string): void {
    drop(key)
    // A copy: the key may be a slice of a Cookie header, which would be kept whole.
    mapOf(key).set(Buffer.from(key).toString(), text)
    count++
    weight += OVERHEAD + key.length + weightOf(text)
    if (isOverfull()) makeRoom(key)
  }

  function makeRoom(newest: string): void {
    look(SEARCH, 'short', newest)
    while (isOverfull() && count > 1) {
      oldestIn = (oldestIn + 1) % maps.length
      const oldest = maps[oldestIn]!.keys().next()
      if (oldest.done || oldest.value === newest) continue
      const text = maps[oldestIn]!.get(oldest.value)!
      drop(oldest.value)
      onDropped?.(text)
    }
  }

  function look(steps: number, room: 'enough' | 'short', except?: string): void {
    for (let step = 0; step < steps; step++) {
      const next = hand.next()
      if (next.done) {
        sweptIn = (sweptIn + 1) % maps.length
        hand = maps[sweptIn]!.entries()
      } else if (next.value[0] !== except && isDue(next.value[1], room)) {
        drop(next.value[0])
      }
    }
  }

  return {
    get: (key) => mapOf(key).get(key),
    put,
    drop,
    sweep: () => look(STEP, 'enough'),
    parts: () => maps,
    *prune(most) {
      let looked = 0
      let dropped = 0
      for (let part = 0; part < maps.length; part++) {
        for (const [key, text] of maps[prunedIn]!) {
          if (isDue(text, 'enough')) {
            drop(key)
            most--
            dropped++
          }
          looked++
          if (most > 0 && looked < PRUNE_STEP) continue
          yield dropped
          if (most <= 0) return
          looked = 0
          dropped = 0
        }
        prunedIn = (prunedIn + 1) % maps.length
      }
      yield dropped
    },
  }
}

/** FNV-1a over the UTF-16 units. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < key.length; index++) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193)
  }
  return hash >>> 0
}
