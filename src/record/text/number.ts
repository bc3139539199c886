/** Numbers spelled as Python's `json` spells them. */

/**
 * Spells a number: safe integers as integers, everything else as Python's `repr` of the float.
 *
 * A whole number beyond 2^53 is spelled as a float, since reading it back as an integer would
 * give a bigint.
 */
export function spellNumber(number: number): string {
  return Number.isSafeInteger(number) && !Object.is(number, -0)
    ? String(number)
    : spellFloat(number)
}

/**
 * Python's `repr` of a float: shortest digits that read back the same, always with a point or an
 * exponent; an exponent of at least two digits where it is below -4 or above 15.
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
  // Within this range JavaScript spells the same digits, but drops the point of a whole number and
  // writes small ones as 1e-7 only below 1e-6.
  const plain = String(number)
  return /[.e]/.test(plain) ? plain : `${plain}.0`
}
