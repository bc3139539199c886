/** Shows text from strangers: whatever a terminal would obey, or hide, is spelled out. */

// Control and format characters (bidirectional overrides among them), lone surrogates, separators.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** The text with everything invisible or obeyed by a terminal spelled as `\u001b`: one line, as it is. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, spellOut)
}

/** The same in at most so many characters. */
export function printableShort(text: string, most: number): string {
  return printable(text.length > most ? `${text.slice(0, most)}…` : text)
}

function spellOut(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}
