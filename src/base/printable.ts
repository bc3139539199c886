/** Escapes control and invisible characters of untrusted text, for logs and terminals. */

// Control and format characters (bidirectional overrides among them), lone surrogates, separators.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** The text on one line, with every control or invisible character escaped as in `\u001b`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escaped)
}

/** The same, cut to `most` characters of the text. */
export function printableShort(text: string, most: number): string {
  return printable(text.length > most ? `${text.slice(0, most)}…` : text)
}

function escaped(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}
