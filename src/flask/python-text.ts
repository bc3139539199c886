/** Python's `str()` and `repr()` of JSON values, for tags that Flask reads from any value. */

import { isBytes, isDate } from '../base/realm.ts'
import { floatMembersOf } from '../record/text/json.ts'
import { spellFloat, spellNumber } from '../record/text/number.ts'
import { isMarkup, isTuple, isUuid } from '../record/text/values.ts'

/** Python's `str(value)`; `float` means that a whole number was written as a float, `1.0`. */
export function pythonText(value: unknown, float: boolean): string {
  if (typeof value === 'string') return value
  if (isMarkup(value)) return value.html
  if (isUuid(value)) return value.uuid
  if (isDate(value)) return value.toISOString().replace('T', ' ').replace('.000Z', '+00:00')
  return pythonRepr(value, float)
}

function pythonRepr(value: unknown, float: boolean): string {
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'number') return pythonNumber(value, float)
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'string') return quoted(value)
  if (isMarkup(value)) return `Markup(${quoted(value.html)})`
  if (isUuid(value)) return `UUID('${value.uuid}')`
  if (isBytes(value)) return `b${quoted(Buffer.from(value).toString('latin1'), true)}`
  const floats = floatMembersOf(value)
  if (Array.isArray(value)) {
    const items = value.map((item, index) => pythonRepr(item, floats?.has(index) ?? false))
    if (!isTuple(value)) return `[${items.join(', ')}]`
    return items.length === 1 ? `(${items[0]},)` : `(${items.join(', ')})`
  }
  const members = Object.entries(value as object).map(
    ([key, member]) => `${quoted(key)}: ${pythonRepr(member, floats?.has(key) ?? false)}`,
  )
  return `{${members.join(', ')}}`
}

function pythonNumber(value: number, float: boolean): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  return float ? spellFloat(value) : spellNumber(value)
}

const SHORT: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\\': '\\\\',
}

function quoted(text: string, ascii = false): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const unprintable = ascii ? /[^\x20-\x7e]|\\/gu : /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}|\\/gu
  const escaped = text
    .replace(unprintable, (character) => SHORT[character] ?? escapeOf(character.codePointAt(0)!))
    .replaceAll(quote, `\\${quote}`)
  return `${quote}${escaped}${quote}`
}

function escapeOf(codePoint: number): string {
  const hex = codePoint.toString(16)
  if (codePoint < 0x100) return `\\x${hex.padStart(2, '0')}`
  return codePoint < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`
}
