/** A map of strings with a limit on number and bytes. It drops expired ones in small steps. */

/** The bounds of a shelf, and the rules for its strings. */
export interface ShelfRules {
  /** The most strings that it holds. */
  readonly entries: number
  /** The most bytes, approximately. */
  readonly bytes: number
  /** Returns the bytes that a string takes. */
  weightOf(text: string): number
  /** Whether a string may be dropped: it expired a while ago, or, if room is short, just now. */
  isDue(text: string, room: 'enough' | 'short'): boolean
  /** Called for a string that was dropped only because the map was full. */
  onDropped?(text: string): void
}

/** Strings under keys. */
export interface Shelf {
  get(key: string): string | undefined
  /** Sets a string, as the newest one, and drops others if the map is full. */
  put(key: string, text: string): void
  drop(key: string): void
  /** Checks the next few strings, and drops those that may be dropped. */
  sweep(): void
  /** The keys and strings in batches; within each part those that were written longest ago come first. */
  parts(): Iterable<ReadonlyMap<string, string>>
  /**
   * Drops up to that many strings. Yields how many after every `PRUNE_STEP` strings checked, so that
   * other work can run. The next prune continues where this one has stopped.
   */
  prune(most: number): Generator<number, void>
}

/** Strings in one part: V8 resizes such a table in less than a millisecond. */
const PART = 1900

/** The most parts. With more than eight million strings the parts grow instead. */
const MOST_PARTS = 4096

/** How many strings a sweep checks: more than one, because each insert adds one. */
const STEP = 4

/** How many strings a step of a prune checks, in a tenth of a millisecond. */
export const PRUNE_STEP = 1000

/** How many strings are searched for an expired one before one that has not expired is dropped. */
const SEARCH = 64

/** The bytes of a string beside its characters: two headers, padding and a slot in the table. */
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
    // Copies the key: a slice of a Cookie header would keep the whole header in memory.
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
