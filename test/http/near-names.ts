/** Cookie headers with names that only look like `__Host-x`. */

export const NO_NAMES: readonly string[] = [
  '%5F_Host-x=1',
  '_%5FHost-x=1',
  '.__Host-x=1',
  '\u2000__Host-x=1',
  '\u00a0__Host-x=1',
  '\u000b__Host-x=1',
  '\u0085__Host-x=1',
  '__host-x=1',
  '__Host-x\u00a0=1',
  '__Host-x[]=1',
  '__Host-x\u0000=1',
  '__Host-x\\=1',
  '"__Host-x"=1',
  '__Host-x extra=1',
]
