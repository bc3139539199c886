/** Sorts strings by code point, as Python does. */

const SURROGATE = /[\ud800-\udfff]/

/** Compares strings by code point, as Python: unlike with `<`, U+FFFF comes before U+10000. */
export function compareCodePoints(a: string, b: string): number {
  if (a === b) return 0
  // Without surrogates, code units are code points.
  if (!SURROGATE.test(a) && !SURROGATE.test(b)) return a < b ? -1 : 1
  const left = Array.from(a, (character) => character.codePointAt(0)!)
  const right = Array.from(b, (character) => character.codePointAt(0)!)
  const at = left.findIndex((codePoint, index) => codePoint !== right[index])
  return at < 0 ? -1 : left[at]! - (right[at] ?? -1)
}
