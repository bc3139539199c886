/** Reads the pages of the example apps, and fills in their forms as a browser without scripts does. */

/** A form of a page. */
export interface Form {
  /** Path and query that it is sent to. */
  readonly action: string
  readonly enctype: string
  /** The fields with their values, the hidden ones too. */
  readonly fields: Readonly<Record<string, string>>
}

/** A page of the example apps, as a reader sees it. */
export interface PageText {
  /** The text of the element with this id, or `undefined` without one. */
  byId(id: string): string | undefined
  /** The items of the cart. */
  items(): string[]
  flashes(): string[]
  /** The text of the first `h1`. */
  heading(): string | undefined
  /** The form that is sent to this path, or to the page itself (server actions). */
  form(path: string): Form | undefined
  /** Where the links lead. */
  links(): string[]
}

/** Reads a page. `url` is where it came from: a form without an action is sent there. */
export function readPage(html: string, url: string): PageText {
  // Frameworks put comments between the parts of a text.
  const source = html.replace(/<!--[^]*?-->/g, '')
  const inside = (tag: string, attribute = '') =>
    [...source.matchAll(new RegExp(`<${tag}\\b[^>]*${attribute}[^>]*>([^]*?)</${tag}>`, 'g'))].map(
      (match) => match[1]!,
    )
  return {
    byId: (id) => inside('(?:p|div|span)', `\\bid="?${id}\\b`).map(plain)[0],
    items: () => inside('ul', '\\bid="?cart\\b').flatMap((list) => itemsOf(list)),
    flashes: () => inside('p', '\\bclass="?[^">]*\\bflash\\b').map(plain),
    heading: () => inside('h1').map(plain)[0],
    form(path) {
      const found = [...source.matchAll(/<form\b([^>]*)>([^]*?)<\/form>/g)]
      const forms = found.map(([, head = '', body = '']) => formOf(head, body, url))
      const isSentTo = (place: string) => (form: Form) =>
        new URL(form.action, url).pathname === place
      return forms.find(isSentTo(path)) ?? forms.find(isSentTo(new URL(url).pathname))
    },
    links: () =>
      [...source.matchAll(/<a\b([^>]*)>/g)].map(([, head = '']) => attributeOf(head, 'href') ?? ''),
  }
}

function itemsOf(list: string): string[] {
  return [...list.matchAll(/<li\b[^>]*>([^]*?)<\/li>/g)].map((match) => plain(match[1]!))
}

function formOf(head: string, body: string, url: string): Form {
  const target = new URL(attributeOf(head, 'action') || url, url)
  const fields: Record<string, string> = {}
  for (const [, input = ''] of body.matchAll(/<(?:input|button)\b([^>]*)>/g)) {
    const name = attributeOf(input, 'name')
    if (name !== undefined) fields[name] = attributeOf(input, 'value') ?? ''
  }
  return {
    action: target.pathname + target.search,
    enctype: attributeOf(head, 'enctype') ?? 'application/x-www-form-urlencoded',
    fields,
  }
}

function attributeOf(head: string, name: string): string | undefined {
  const match = new RegExp(`(?:^|\\s)${name}=(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, 'i').exec(head)
  return match ? decode(match[1] ?? match[2] ?? match[3] ?? '') : undefined
}

/** The text without tags, with its entities decoded. */
function plain(html: string): string {
  return decode(html.replace(/<[^>]*>/g, ''))
    .replace(/\s+/g, ' ')
    .trim()
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
}

function decode(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (entity, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name] ?? entity
    return String.fromCodePoint(decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal))
  })
}
