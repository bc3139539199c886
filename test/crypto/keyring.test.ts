import { randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { deriveKey, explain, keyring, type Secret } from '../../src/crypto/keyring.ts'
import { seededRandom } from '../record/random.ts'
import { type Weakness, weaknessOf } from '../../src/crypto/weak-secrets.ts'

const strict = {
  where: 'secret',
  remedy: 'Make one.',
  refuse: ['well-known', 'pattern', 'short'] as Weakness[],
}
const fresh = () => randomBytes(32).toString('base64url')
const code = (name: string, message: RegExp) =>
  expect.objectContaining({ code: name, message: expect.stringMatching(message) })

describe('the keyring', () => {
  test('takes one secret or several, text or bytes, in order', () => {
    const [a, b] = [fresh(), randomBytes(32)]
    expect(keyring(a, strict)).toEqual({ secrets: [Buffer.from(a)], weaknesses: [] })
    expect(keyring([a, b], strict).secrets).toEqual([Buffer.from(a), b])
    expect(keyring(new Uint8Array(b), strict).secrets).toEqual([new Uint8Array(b)])
    expect(keyring('ключ-'.repeat(2) + fresh(), strict).secrets[0]!.length).toBe(61)
  })

  test.each([undefined, null, '', new Uint8Array(0), []])('%j is no secret', (secret) => {
    expect(() => keyring(secret as Secret, strict)).toThrow(
      code('ERR_SECRET_MISSING', /secret"? is empty.*Make one\./),
    )
  })

  test.each([undefined, null, '', new Uint8Array(0)])(
    'a first entry of %j never promotes the old secret behind it',
    (first) => {
      expect(() => keyring([first as Secret, fresh()], strict)).toThrow(
        code('ERR_SECRET_MISSING', /secret\[0\]/),
      )
    },
  )

  test('the variable of a previous secret need not be set', () => {
    const [now, old] = [fresh(), fresh()]
    const given = [now, undefined, '', null, old] as Secret[]
    expect(keyring(given, strict).secrets).toEqual([now, old].map((text) => Buffer.from(text)))
    expect(() => keyring([now, new Uint8Array(0)], strict)).toThrow(
      code('ERR_SECRET_MISSING', /secret\[1\]/),
    )
    expect(() => keyring([now, '', 'short'], strict)).toThrow(
      code('ERR_SECRET_WEAK', /secret\[2\]/),
    )
  })

  describe('a secret that announces its spelling', () => {
    const bytes = Buffer.from(
      'fbef00ff17a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293aff',
      'hex',
    )
    const plain = bytes.toString('base64')
    const spellings = [
      `hex:${bytes.toString('hex')}`,
      `hex:${bytes.toString('hex').toUpperCase()}`,
      `base64:${plain}`,
      `base64:${plain.replace(/=+$/, '')}`,
      `base64:${bytes.toString('base64url')}`,
      `base64:${bytes.toString('base64url')}=`,
    ]

    test.each(spellings)('%s is the bytes it spells', (text) => {
      expect(keyring(text, strict).secrets).toEqual([bytes])
    })

    test.each(spellings)('%s is taken literally where Flask would take it so', (text) => {
      expect(keyring(text, { ...strict, spelling: 'literal' }).secrets).toEqual([Buffer.from(text)])
    })

    test.each([
      `hex:${'ab'.repeat(40)}g`,
      `hex:${'ab'.repeat(40)}a`,
      `hex: ${'ab'.repeat(40)}`,
      `base64:${'ab+/'.repeat(12)}!`,
      `base64:${'abcd'.repeat(12)}a`,
      `base64:${'abcd'.repeat(12)}=abc`,
      `base64:${plain}===`,
      `base64:${plain}\n`,
    ])('%j is refused: a part of it would be left out without a word', (text) => {
      expect(() => keyring(text, strict)).toThrow(
        code('ERR_OPTION_INVALID', /is not (?:hex|base64) to its end/),
      )
    })

    test('is as long as its bytes, and weak as they are', () => {
      expect(() => keyring('hex:', strict)).toThrow(code('ERR_SECRET_MISSING', /secret/))
      expect(() => keyring(`hex:${'00'.repeat(32)}`, strict)).toThrow(
        code('ERR_SECRET_WEAK', /pattern/),
      )
      expect(() => keyring('base64:YSBkZWNlbnQgdG9rZW4=', strict)).toThrow(
        code('ERR_SECRET_WEAK', /bytes/),
      )
    })
  })

  test.each([5, true, {}, Symbol('x'), () => 'x', [['x']], [5]])(
    '%o is refused: a secret is text or bytes',
    (secret) => {
      expect(() => keyring(secret as Secret, strict)).toThrow(
        code('ERR_OPTION_INVALID', /string or a Uint8Array/),
      )
    },
  )

  test('eight secrets are enough', () => {
    expect(keyring(Array.from({ length: 8 }, fresh), strict).secrets).toHaveLength(8)
    expect(() => keyring(Array.from({ length: 9 }, fresh), strict)).toThrow(
      code('ERR_OPTION_INVALID', /more than 8/),
    )
  })

  test('every secret is looked at, and the message says which and why without quoting it', () => {
    expect(() => keyring([fresh(), 'supersecret'], strict)).toThrow(
      code('ERR_SECRET_WEAK', /"secret\[1\]" is published/),
    )
    expect(() => keyring('q8Fz0LwT'.repeat(5), strict)).toThrow(
      code('ERR_SECRET_WEAK', /"secret" is a simple pattern/),
    )
    expect(() => keyring('q8Fz0Lw', strict)).toThrow(
      code('ERR_SECRET_WEAK', /has 7 bytes, and 32 are needed/),
    )
    for (const weak of ['supersecret', 'q8Fz0Lw']) {
      expect(() => keyring(weak, strict)).not.toThrow(
        expect.objectContaining({ message: expect.stringContaining(weak) }),
      )
    }
  })

  test('a weakness that is tolerated is told instead', () => {
    const lenient = { ...strict, refuse: ['well-known'] as Weakness[] }
    expect(keyring(['q8Fz0Lw', fresh()], lenient).weaknesses).toEqual(['short'])
    expect(explain('short')).toBe('has fewer than 32 bytes')
    expect(() => keyring('secret', lenient)).toThrow(code('ERR_SECRET_WEAK', /published/))
  })

  test('two purposes of one secret have keys that say nothing of each other', () => {
    const secret = randomBytes(32)
    const keys = [[], [''], ['a'], ['a', 'b'], ['ab'], ['a', 'b', '']].map((labels) =>
      Buffer.from(deriveKey(secret, ...labels)).toString('hex'),
    )
    expect(new Set(keys).size).toBe(keys.length)
    expect(deriveKey(secret, 'a')).toEqual(deriveKey(secret, 'a'))
    expect(keys[0]).toHaveLength(64)
  })
})

const ROUNDS = process.env['QUICK_TESTS'] === '1' ? 4_000 : 100_000

// Secrets that stand in documentation, tutorials and advisories.
const LISTED =
  `secret|secret_key|SECRET_KEY|secretkey|secret key|supersecret|super secret key|super-secret
changeme|change-me|CHANGE_ME|dev|development|test|testing|password|passw0rd|admin|key|mysecret|my_secret_key
your-secret-key|your_secret_key|your-256-bit-secret|s3cr3t|shhhhh|keyboard cat|hard to guess string
you-will-never-guess|thisisasecret|temporary_key|CHANGE_ME_TO_A_COMPLEX_RANDOM_SECRET|thisISaSECRET_1234
complex_password_at_least_32_characters_long|a secret with minimum length of 32 characters
averylogphrasebiggerthanthirtytwochars|Fischl von Luftschloss Narfidort|your_very_secret_key|another_secret_key
super_secret_dev_key_dont_use_in_prod|192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf`.split(
    /[|\n]/,
  )
const EXACT = [
  'A0Zr98j/3yX R~XHH!jmN]LWX/,?RT',
  '_5#y2L"F4Q8z\\n\\xec]/',
  '_5#y2L"F4Q8z\n\xec]/',
  '\\2\\1thisismyscretkey\\1\\2\\e\\y\\y\\h',
  '\x02\x01thisismyscretkey\x01\x02\\e\\y\\y\\h',
]

const FAMILIES: ((name: string) => string)[] = [
  (name) => name,
  (name) => name.toUpperCase(),
  (name) => name.toLowerCase(),
  (name) => ` ${name}\n`,
  (name) => name.replace(/[ _]/g, '-'),
  (name) => name.replace(/[ _-]/g, ''),
  (name) => name.replace(/[ _-]/g, '.'),
  (name) => `${name}123`,
  (name) => `${name}-2024-2025-2026-0123456789-9876543210`,
  (name) => `${name}!!!`,
  (name) => `my_${name}`,
  (name) => `my-super-${name}-for-production`,
  (name) => `your_very_long_and_secure_${name}_here`,
  (name) => `${name}_change_me_in_production_please`,
  (name) => `dev-${name}-do-not-use-in-prod`,
  (name) => `<${name}>`,
  (name) => `${name}_${name}`,
  (name) => name.repeat(8),
  (name) => `flask_app_${name}_1`,
  (name) => name.replace(/e/g, '3').replace(/o/g, '0'),
  (name) => name.replace(/a/g, '@').replace(/s/g, '$'),
  (name) => `this_is_a_${name}_that_is_at_least_32_characters_long`,
  (name) => `${name}_for_jwt_signing_256_bits`,
  (name) => `session_${name}_v2`,
]

describe('weak secrets', () => {
  test.each(LISTED)('%j and its family are well known', (name) => {
    const hex = /^[0-9a-f]{64}$/.test(name)
    const members = (hex ? FAMILIES.slice(0, 4) : FAMILIES).map((member) => member(name))
    const accepted = members.filter((member) => weaknessOf(Buffer.from(member)) !== 'well-known')
    expect(accepted).toEqual([])
  })

  test.each(EXACT)('%j is well known', (secret) => {
    expect(weaknessOf(Buffer.from(secret))).toBe('well-known')
    expect(weaknessOf(Buffer.from(secret, 'latin1'))).toBe('well-known')
  })

  test.each([
    'a'.repeat(32),
    'abcd'.repeat(8),
    'abcdefghijklmnopqrstuvwxyz0123456789',
    '0123456789'.repeat(4),
    '98765432109876543210987654321098',
    '12345678901234567890123456789012345',
    'q8Fz0LwTq8Fz0LwTq8Fz0LwTq8Fz0LwT',
    '\u0000'.repeat(32),
    '0'.repeat(64),
    '0123456789abcdef0123456789abcdef',
    '00112233445566778899aabbccddeeff',
    '1212121212121212121212121212121234343434',
    '11111111',
    'zyxwvutsrqponmlkjihgfedcba987654321',
  ])('%j is a pattern', (secret) => {
    // Some of them are made of placeholder words as well, such as "a".
    expect(weaknessOf(Buffer.from(secret))).toMatch(/pattern|well-known/)
  })

  test('random bytes are a pattern only where they repeat', () => {
    const once = randomBytes(16)
    expect(weaknessOf(Buffer.concat([once, once]))).toBe('pattern')
    expect(weaknessOf(Buffer.concat([once, randomBytes(16)]))).toBeUndefined()
  })

  test('a text is a run where four steps of five are to a neighbour, from eight bytes on', () => {
    expect(weaknessOf(Buffer.from('qrstuvwx'))).toBe('pattern')
    expect(weaknessOf(Buffer.from('qrstuvw'))).toBe('short')
    expect(weaknessOf(Buffer.from('ghijklmnoax'))).toBe('pattern')
    expect(weaknessOf(Buffer.from('ghijklmnxoa'))).toBe('short')
    expect(weaknessOf(Buffer.from('ghijklmnoaxc'))).toBe('short')
    expect(weaknessOf(Buffer.from('acegikmoqsuwy'))).toBe('short')
  })

  test('few different bytes are a pattern in any order', () => {
    // The Thue-Morse sequence: nothing in it repeats three times.
    expect(weaknessOf(Buffer.from('qxxqxqqxxqqxqxxqxqqxqxxqqxxqxqqx'))).toBe('pattern')
    expect(weaknessOf(Buffer.from('qxxqxqqx'))).toBe('pattern')
    expect(weaknessOf(Buffer.from('qxxqjqqx'))).toBe('pattern')
    expect(weaknessOf(Buffer.from('qxxqjvqx'))).toBe('short')
    const random = seededRandom(9)
    const over = (letters: string) =>
      Buffer.from(
        Array.from({ length: 40 }, () => letters[Math.floor(random() * letters.length)]).join(''),
      )
    expect(weaknessOf(over('qxjwv'))).toBe('pattern')
    expect(weaknessOf(over('qxjwvc'))).toBeUndefined()
  })

  test('one letter that is in no word makes words no placeholder', () => {
    expect(weaknessOf(Buffer.from('mysecretzkeyzpasswordzadminztestz'))).toBeUndefined()
    expect(weaknessOf(Buffer.from('my_secret-key.password0admin:test;1;'))).toBe('well-known')
  })

  test('a piece that comes again is a pattern: half of the text, or its last eight bytes', () => {
    expect(weaknessOf(Buffer.from('q8Fz0LwTq8Fz0LwT'))).toBe('pattern')
    expect(weaknessOf(Buffer.from('q8Fz0Lq8Fz0L'))).toBe('pattern')
    const once = randomBytes(32)
    expect(weaknessOf(Buffer.concat([once.subarray(0, 24), once.subarray(0, 8)]))).toBe('pattern')
    expect(weaknessOf(Buffer.concat([once.subarray(0, 25), once.subarray(0, 7)]))).toBeUndefined()
  })

  test('31 random bytes are short, 32 are enough', () => {
    expect(weaknessOf(randomBytes(31))).toBe('short')
    expect(weaknessOf(randomBytes(32))).toBeUndefined()
    expect(weaknessOf(Buffer.from('q8Fz0LwT'))).toBe('short')
    expect(weaknessOf(Buffer.from('hV'))).toBe('short')
  })

  test('100 000 random secrets of every usual spelling are accepted', () => {
    const refused: string[] = []
    for (let round = 0; round < ROUNDS / 4; round++) {
      const bytes = randomBytes(32)
      if (weaknessOf(Buffer.from(bytes.toString('hex', 16))))
        refused.push(bytes.toString('hex', 16))
      for (const spelling of ['base64url', 'hex', 'base64'] as const) {
        const secret = bytes.toString(spelling)
        if (weaknessOf(Buffer.from(secret))) refused.push(secret)
      }
      if (weaknessOf(bytes)) refused.push(bytes.toString('hex'))
      // Each of these is base64 as well, and so judged as the bytes it spells.
      const letters = randomBytes(128).toString('base64').replace(/[+/=]/g, '')
      const shorter = letters.slice(0, 32 + (round % 33))
      for (const text of [shorter, randomUUID() + randomUUID()]) {
        if (weaknessOf(Buffer.from(text))) refused.push(text)
      }
    }
    expect(refused).toEqual([])
  })
})
