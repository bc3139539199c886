import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  hashOfVerifier,
  newSelector,
  newVerifier,
  sessionIdFormat,
} from '../../../src/backends/stored/session-id.ts'
import { systemRandom } from '../../../src/base/ports.ts'

const key = (name: string) => Buffer.from(name.padEnd(32, '.'))

describe('the id in a cookie', () => {
  const format = sessionIdFormat([key('new'), key('old')])

  it('comes back as it was issued', () => {
    const [selector, verifier] = [newSelector(systemRandom), newVerifier(systemRandom)]
    const value = format.issue(selector, verifier)
    expect(format.parse(value)).toEqual({ selector, verifier, key: 0 })
    expect(value).toHaveLength(22 + 1 + 43 + 1 + 16)
  })

  it('is taken under an old secret, and says which', () => {
    const value = sessionIdFormat([key('old')]).issue('s'.repeat(22), 'v'.repeat(43))
    expect(format.parse(value)).toMatchObject({ key: 1 })
  })

  it('is refused under a secret that was dropped', () => {
    const value = sessionIdFormat([key('gone')]).issue('s'.repeat(22), 'v'.repeat(43))
    expect(format.parse(value)).toBe('signature')
  })

  it('is refused when any one character differs', () => {
    const value = format.issue(newSelector(systemRandom), newVerifier(systemRandom))
    for (let at = 0; at < value.length; at += 1) {
      const other = value[at] === 'A' ? 'B' : 'A'
      expect(format.parse(value.slice(0, at) + other + value.slice(at + 1))).toBeTypeOf('string')
    }
  })

  it('is refused when it is cut, lengthened or empty', () => {
    const value = format.issue(newSelector(systemRandom), newVerifier(systemRandom))
    for (let length = 0; length < value.length; length += 1) {
      expect(format.parse(value.slice(0, length))).toBeTypeOf('string')
    }
    for (const more of ['=', '.', 'A', '\n', ' ']) {
      expect(format.parse(value + more)).toBe('malformed')
      expect(format.parse(more + value)).toBe('malformed')
    }
  })

  it('takes no other text for one', () => {
    fc.assert(fc.property(fc.string(), (text) => typeof format.parse(text) === 'string'))
  })

  it('shows nothing of the verifier in what the store keeps', () => {
    const verifier = newVerifier(systemRandom)
    const hash = hashOfVerifier(verifier)
    // 22 characters are 132 bits.
    expect(hash).toMatch(/^[\w-]{22}$/)
    expect(hash).not.toBe(verifier)
    expect(hashOfVerifier(verifier)).toBe(hash)
  })

  it('is of bits that the generator gave, and fails where it fails', () => {
    expect(newSelector((size) => Buffer.alloc(size, 1))).toBe(
      Buffer.alloc(16, 1).toString('base64url'),
    )
    expect(newVerifier((size) => Buffer.alloc(size, 1))).toBe(
      Buffer.alloc(32, 1).toString('base64url'),
    )
    const broken = () => {
      throw new Error('no entropy')
    }
    expect(() => newVerifier(broken)).toThrow('no entropy')
  })
})
