/** HTML as a tagged template: whatever is put into it is escaped. */

/** Text that is HTML. Only `html` makes it, so a visitor's words never are. */
export class Html {
  readonly #text: string

  constructor(strings: readonly string[], values: readonly Insertable[]) {
    this.#text = strings
      .map((text, at) => text + (at < values.length ? insert(values[at]) : ''))
      .join('')
  }

  toString(): string {
    return this.#text
  }
}

/** What can be put into a template. `undefined` and `false` put nothing in. */
export type Insertable = Html | string | number | false | undefined | readonly Insertable[]

/**
 * Makes HTML. Write the quotes around attributes yourself: inside them every value is safe too.
 *
 * @example
 * html`<a href="${url}">${title}</a>`
 */
export function html(strings: TemplateStringsArray, ...values: Insertable[]): Html {
  return new Html(strings, values)
}

function insert(value: Insertable): string {
  if (value === undefined || value === false) return ''
  if (value instanceof Html) return value.toString()
  if (typeof value === 'object') return value.map(insert).join('')
  return String(value).replace(/[&<>"']/g, (character) => ESCAPED[character] ?? '')
}

const ESCAPED: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
