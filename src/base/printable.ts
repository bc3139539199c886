/** Shows text from strangers: whatever a terminal would obey, or hide, is spelled out. */

// Control and format characters (bidirectional overrides among them), lone surrogates, separators.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** The text with everything invisible or obeyed by a terminal spelled as `\u001b`: one line, as it is. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, spellOut)
}

function spellOut(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}
