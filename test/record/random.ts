/** Random things that can be made again: a seeded generator, and mutations of text. */

/** Gives numbers from 0 up to, not including, 1 (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** The text with one small change: a character replaced, inserted, deleted, doubled, swapped, or the end cut off. */
export function mutated(text: string, alphabet: string, random: () => number): string {
  const below = (limit: number) => Math.floor(random() * limit)
  const at = below(text.length)
  const character = alphabet[below(alphabet.length)]!
  switch (below(6)) {
    case 0:
      return text.slice(0, at) + character + text.slice(at + 1)
    case 1:
      return text.slice(0, at) + character + text.slice(at)
    case 2:
      return text.slice(0, at) + text.slice(at + 1)
    case 3:
      return text.slice(0, at) + text.slice(at, at + 1 + below(4)) + text.slice(at)
    case 4:
      return (
        text.slice(0, at) +
        text
          .slice(at, at + 2)
          .split('')
          .reverse()
          .join('') +
        text.slice(at + 2)
      )
    default:
      return text.slice(0, at)
  }
}
