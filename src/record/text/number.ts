/** Formats numbers as Python's `json` does. */

/**
 * Formats a number: safe integers as integers, all others as Python's `repr` of the float.
 *
 * A whole number beyond 2^53 is written as a float, since an integer would be read as a bigint.
 */
export function spellNumber(number: number): string {
  return Number.isSafeInteger(number) && !Object.is(number, -0)
    ? String(number)
    : spellFloat(number)
}

/**
 * Python's `repr` of a float: the shortest digits that parse to the same float, always with a point
 * or an exponent. An exponent below -4 or above 15 is written, with at least two digits.
 */
export function spellFloat(number: number): string {
  if (Number.isNaN(number)) return 'NaN'
  if (!Number.isFinite(number)) return number > 0 ? 'Infinity' : '-Infinity'
  if (Object.is(number, -0)) return '-0.0'
  const [mantissa = '', exponentText = ''] = number.toExponential().split('e')
  const exponent = Number(exponentText)
  if (exponent < -4 || exponent >= 16) {
    const digits = String(Math.abs(exponent)).padStart(2, '0')
    return `${mantissa}e${exponent < 0 ? '-' : '+'}${digits}`
  }
  // Here JavaScript writes the same digits without an exponent, but whole numbers without a point.
  const plain = String(number)
  return /[.e]/.test(plain) ? plain : `${plain}.0`
}
