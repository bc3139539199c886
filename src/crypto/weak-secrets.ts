/** Tells secrets that anybody could guess: published ones, placeholders, patterns. */

/** Why a secret protects nothing, or not enough. */
export type Weakness = 'well-known' | 'pattern' | 'short'

/** Fewer bytes than this can be searched: the length every guide asks for. */
export const MIN_SECRET_BYTES = 32

// Secrets from documentation, tutorials and advisories that are not made of the words below, in lower case.
const PUBLISHED: readonly string[] = [
  'a0zr98j/3yx r~xhh!jmn]lwx/,?rt',
  '_5#y2l"f4q8z\n\xec]/',
  '_5#y2l"f4q8z\\n\\xec]/',
  '_5#y2l"f4q8z\n\xe3\xac]/',
  '192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf',
  '\\2\\1thisismyscretkey\\1\\2\\e\\y\\y\\h',
  '\x02\x01thisismyscretkey\x01\x02\\e\\y\\y\\h',
]

// What placeholders are made of. A secret made of nothing else was written to be replaced.
const PLACEHOLDER_WORDS = new Set(
  `a an and another any app application apps at auth authentication aes be before bit bits by bytes change
  changed changeme char character characters chars code complex config cookie cookies default demo deploy
  deployment dev develop developer development do dont env environment example exmaple express fake flask
  foo bar baz for from generate generated good guess hard have here hmac i in insecure is it its iron just
  jwt key keys least length local localhost long love make me min minimum must my never new next node not
  of on one only or our pass passphrase passwd password phrase placeholder please private prod production
  project put random really replace replaced replacement safe sample scret secert secret secrets secrt
  secure security server session sessions set should signing sojourn some something string strong super
  temp temporary test testing tests text than that the this to todo token top tutorial unique unsafe use
  used user very want web website with word x xxx xxxx you your yours admin hello world abc qwerty key1
  will guess thirty two symbols kept keep hidden dummy v ver version key2 keyboard cat correct horse battery
  staple fischl von luftschloss narfidort log bigger sh shh hhh min max bytes
  own ultra goes better value share anyone enter nobody ever precious duper now ok django non lorem ipsum dolor
  sit amet consectetur qwertyuiop asdfghjkl zxcvbnm can keyboardcat`.split(/\s+/),
)

const WORD_BEGINNINGS = new Set(
  [...PLACEHOLDER_WORDS].flatMap((word) => Array.from(word, (_, at) => word.slice(0, at + 1))),
)

// Letters written as look-alikes: p4ssw0rd, s3cr3t, $ecret.
const LOOK_ALIKES: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
}

/** The first weakness found, the worst first; `undefined` for a secret that may be used. */
export function weaknessOf(secret: Uint8Array): Weakness | undefined {
  const text = Buffer.from(secret).toString('latin1').toLowerCase()
  if (isPublished(text) || isPlaceholder(text)) return 'well-known'
  if (isPattern(secret)) return 'pattern'
  return secret.length < MIN_SECRET_BYTES ? 'short' : undefined
}

function isPublished(text: string): boolean {
  // Django marks the secrets it makes up for a new project.
  return text.startsWith('django-insecure-') || PUBLISHED.some((secret) => text.includes(secret))
}

/** Whether the text is made of placeholder words and of nothing else but digits and punctuation. */
function isPlaceholder(text: string): boolean {
  // Only what somebody typed is a placeholder: random bytes may hold no more letters than "a", and
  // hexadecimal digits may read as words by accident, but never with a letter beyond "f".
  if (!/^[\t\n\r\x20-\x7e]*$/.test(text) || !/[g-z]/.test(text)) return false
  // Beginnings of words that the text so far can end with; '' is the end of a word.
  let open = new Set([''])
  for (const character of text) {
    const isLetter = character >= 'a' && character <= 'z'
    const letter = isLetter ? character : LOOK_ALIKES[character]
    const next = new Set(isLetter ? [] : open)
    for (const beginning of letter === undefined ? [] : open) {
      const longer = beginning + letter
      if (WORD_BEGINNINGS.has(longer)) next.add(longer)
      if (PLACEHOLDER_WORDS.has(longer)) next.add('')
    }
    open = next
  }
  return open.has('')
}

/** Few different bytes, a short piece repeated, or a run such as 0123456789. */
function isPattern(secret: Uint8Array): boolean {
  if (new Set(secret).size < Math.min(6, secret.length / 2)) return true
  for (let period = 1; period <= Math.max(secret.length / 2, secret.length - 8); period++) {
    if (secret.every((byte, at) => at < period || byte === secret[at - period])) return true
  }
  let steps = 0
  for (let at = 1; at < secret.length; at++) {
    if (Math.abs(secret[at]! - secret[at - 1]!) <= 1) steps++
  }
  return secret.length >= 8 && steps >= (secret.length - 1) * 0.8
}
