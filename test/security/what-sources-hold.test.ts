import { describe, expect, test } from 'vitest'
import { sources, text } from '../package/repository.ts'

/** Each line of code in src with its file; docstrings and comments are left out. */
const lines = [...sources()].flatMap(([file, source]) =>
  source
    .replaceAll(/\/\*[^]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, ''))
    .split('\n')
    .map((line) => ({ file, code: line.replace(/(^|\s)\/\/ .*$/, '') })),
)
const linesWith = (pattern: RegExp) =>
  lines.filter(({ code }) => pattern.test(code)).map(({ file, code }) => `${file}: ${code.trim()}`)
const filesWith = (pattern: RegExp) => [
  ...new Set(lines.filter(({ code }) => pattern.test(code)).map(({ file }) => file)),
]

// Where a repetition stands within a repetition: none of these reads what a stranger sent.
const REPEATED: Record<string, string> = {
  'cli/command/terminal.ts': 'lays out JSON that was pasted on the command line',
  'flask/http-date.ts': 'reads dates of a cookie whose signature has been checked',
  'flask/tags.ts': 'reads numbers of a cookie whose signature has been checked',
  'http/headers.ts': "reads the app's own Cache-Control",
  'http/set-cookie.ts': 'reads the domain in the options, at start-up',
  'session/formerly/options.ts': 'reads a path in the options, at start-up',
}

describe('the sources', () => {
  test('use Math.random for how long to wait, and for nothing else', () => {
    expect(linesWith(/Math\.random/).filter((line) => !line.includes('pause('))).toEqual([])
    expect(linesWith(/randomUUID|['"]md5['"]/i)).toEqual([])
  })

  test('turn no text into code, and deserialise nothing but JSON', () => {
    expect(linesWith(/\beval\b|\bnew Function\b|\bFunction\(|['"]node:(v8|vm)['"]/)).toEqual([])
    expect(linesWith(/\bdeserialize\(|\bunserialize\(/)).toEqual([])
  })

  test('take their cryptography from node:crypto, and write none by hand', () => {
    expect(linesWith(/\bsubtle\b|['"](crypto|node:crypto\/webcrypto)['"]/)).toEqual([])
    // The first constants of SHA-1, SHA-256 and SHA-512, and the table of AES.
    expect(linesWith(/0x67452301|0x6a09e667|0x428a2f98|\bs-?box\b/i)).toEqual([])
  })

  test('name no other algorithm than the inventory of docs/security.md', () => {
    const named = lines.flatMap(({ code }) => [
      ...code.matchAll(/['"`](sha\d[\w-]*|md\d|(?:aes|chacha|des|rc)\d*-[\w-]+)['"`]/gi),
    ])
    const algorithms = [...new Set(named.map((match) => match[1]!.toLowerCase()))].toSorted()
    expect(algorithms).toEqual(['aes-256-cbc', 'aes-256-gcm', 'sha1', 'sha256', 'sha512'])
    const inventory = /## The algorithms in use\n([^]*?)\n## /.exec(text('docs/security.md'))![1]!
    for (const name of ['AES-256-CBC', 'AES-256-GCM', 'SHA-1', 'SHA-256', 'SHA-512']) {
      expect(inventory).toContain(name)
    }
  })

  test('demand the whole tag of AES-GCM, since Node takes four bytes of it otherwise', () => {
    const all = linesWith(/\bcreate(C|Dec)ipheriv\(/)
    // iron-session's format has a MAC of its own, which is checked before anything is decrypted.
    const ciphers = all.filter((line) => !line.includes("ipheriv('aes-256-cbc', "))
    expect(all.filter((line) => line.startsWith('formerly/iron-seal.ts'))).toHaveLength(2)
    expect(all).toHaveLength(4)
    expect(ciphers).toHaveLength(2)
    for (const line of ciphers) expect(line).toContain('nonce, CIPHER_OPTIONS)')
    expect(linesWith(/const CIPHER_OPTIONS = /)).toEqual([
      'crypto/encrypted.ts: const CIPHER_OPTIONS = { authTagLength: TAG_BYTES }',
    ])
    expect(linesWith(/const TAG_BYTES = /)).toEqual(['crypto/encrypted.ts: const TAG_BYTES = 16'])
  })

  test('compare what a visitor sent with what a key made in constant time', () => {
    const files = filesWith(/\btimingSafeEqual\(/)
    expect(files).toEqual(
      expect.arrayContaining([
        'backends/stored/open.ts',
        'crypto/encrypted.ts',
        'crypto/signed.ts',
      ]),
    )
    // What is equal in constant time may be compared as text after it, and a hash may be compared.
    const plain = linesWith(
      /\b\w*(mac|signature|commitment|given|shown|token)\b\)? [!=]==? (?!undefined|')/i,
    )
    const rooms = /^(backends|crypto|session\/csrf)/
    expect(plain.filter((line) => rooms.test(line) && !line.includes('timingSafeEqual('))).toEqual(
      [],
    )
  })

  test('repeat no repetition in a pattern that reads what a stranger sent', () => {
    const found = [...sources()].filter(([, source]) =>
      [...source.matchAll(PATTERN)].some((match) => isNested(match[1]!)),
    )
    expect(found.map(([file]) => file)).toEqual(Object.keys(REPEATED))
    expect(isNested('(a+)+b')).toBe(true)
    expect(isNested('(?:[ab]*c?)*')).toBe(true)
    expect(isNested('(?:ab)+c*')).toBe(false)
  })
})

// A regular expression in the source, where an operand may stand.
const PATTERN = /(?<=[=(,:\s[!])\/((?![*/])(?:\\.|\[(?:\\.|[^\]\n])*\]|[^/\\\n[])+)\/[dgimsuvy]*/g

/** Whether a repetition stands in what is repeated itself. */
function isNested(pattern: string): boolean {
  const flat = pattern.replaceAll(/\\./g, 'x').replaceAll(/\[[^\]]*\]/g, 'x')
  let rest = flat
  for (;;) {
    const inner = /\(([^()]*)\)([*+]|\{\d+,\d*\})?/.exec(rest)
    if (!inner) return false
    const repeats = /[*+]|\{\d+,\d*\}/.test(inner[1]!.replace(/^\?(?:[:=!]|<[=!]|<\w+>)/, ''))
    if (repeats && inner[2]) return true
    rest = rest.replace(inner[0], repeats ? 'x+' : 'x')
  }
}
