import { describe, expect, test } from 'vitest'
import { createSessions } from '../../src/index.ts'
import type { RequestFacts } from '../../src/http/request-facts.ts'
import { checkedOrigins, originVerdict } from '../../src/session/csrf/request-origin.ts'
import { SECRET } from '../session/visitor.ts'

const OWN = { trusted: new Set<string>(), isSecure: false }

function verdict(host: string | undefined, origin: string, site = OWN): string {
  const headers: Record<string, string | undefined> = { host, origin }
  const facts: RequestFacts = { method: 'POST', cookie: '', header: (name) => headers[name] }
  return originVerdict(facts, site)
}

describe('the own origin, in a browser without Sec-Fetch-Site', () => {
  test.each([
    ['shop.example', 'https://shop.example'],
    ['shop.example', 'http://shop.example'],
    ['shop.example:443', 'https://shop.example'],
    ['shop.example:80', 'http://shop.example'],
    ['shop.example:8080', 'http://shop.example:8080'],
    ['SHOP.Example', 'https://shop.example'],
    ['localhost:3000', 'http://localhost:3000'],
    ['127.0.0.1:3000', 'http://127.0.0.1:3000'],
    ['[::1]:3000', 'http://[::1]:3000'],
    ['xn--caf-dma.example', 'https://xn--caf-dma.example'],
  ])('is %s for %s', (host, origin) => {
    expect(verdict(host, origin)).toBe('passes')
  })

  test.each([
    ['shop.example:80', 'https://shop.example'],
    ['shop.example:443', 'http://shop.example'],
    ['shop.example', 'https://shop.example:8443'],
    ['shop.example:8443', 'https://shop.example'],
    ['shop.example', 'https://shop.example.'],
    ['shop.example', 'https://user@shop.example'],
    ['evil@shop.example', 'https://shop.example'],
    ['shop.example/', 'https://shop.example'],
    ['shop.example#', 'https://shop.example'],
    ['shop.example?', 'https://shop.example'],
    ['shop.example\\', 'https://shop.example'],
    ['shop.example ', 'https://shop.example'],
    ['shop.example, evil.example', 'https://shop.example'],
    ['', 'https://shop.example'],
    [undefined, 'https://shop.example'],
    [':', 'https://shop.example'],
  ])('is not %j for %s', (host, origin) => {
    expect(verdict(host, origin)).toBe('origin')
  })

  test.each([
    'https://evil.example',
    'https://shop.example.evil.example',
    'https://evilshop.example',
    'https://shop.example:444',
    'https://shop.example@evil.example',
    'https://evil.example, https://shop.example',
    'https://shop.example/',
    'HTTPS://shop.example',
    'ftp://evil.example',
    'chrome-extension://shop.example',
    'shop.example',
    '//shop.example',
    'file://',
    'https://',
    'Null',
    '*',
    '',
  ])('is not what no page of it sends: %j', (origin) => {
    expect(verdict('shop.example', origin)).toBe('origin')
  })

  test('is not that of a page over plain HTTP, where the cookie only goes over HTTPS', () => {
    const secure = { ...OWN, isSecure: true }
    expect(verdict('shop.example', 'http://shop.example', secure)).toBe('undecided')
    expect(verdict('shop.example', 'https://shop.example', secure)).toBe('passes')
    // Old browsers showed pages that came by other ways, too.
    for (const scheme of ['ftp', 'ws']) {
      expect(verdict('shop.example', `${scheme}://shop.example`, secure)).toBe('undecided')
    }
  })
})

describe('the option trustedOrigins', () => {
  const origins =
    (...trustedOrigins: unknown[]) =>
    () =>
      createSessions({ secret: SECRET, trustedOrigins: trustedOrigins as string[] })

  test('takes origins as browsers send them, those of apps too', () => {
    const list = ['https://app.example', 'http://localhost:5173', 'capacitor://localhost']
    expect([...checkedOrigins(list)]).toEqual(list)
    expect(origins(...list)).not.toThrow()
    expect(origins()).not.toThrow()
  })

  test.each([
    'https://app.example/',
    'https://app.example/path',
    'https://APP.example',
    'https://app.example:443',
    'https://café.example',
    'https://*.example',
    'https://user@app.example',
    'app.example',
    '//app.example',
    'https:app.example',
    'https://',
    'file://',
    'null',
    '*',
    '',
    7,
    null,
    new URL('https://app.example'),
  ])('refuses %s at start-up, by its place in the list', (origin) => {
    expect(origins('https://app.example', origin)).toThrow(
      expect.objectContaining({
        code: 'ERR_OPTION_INVALID',
        message: expect.stringContaining('"trustedOrigins[1]" has to be an origin'),
      }),
    )
  })

  test('refuses what is no list', () => {
    const trustedOrigins = 'https://app.example' as unknown as string[]
    expect(() => createSessions({ secret: SECRET, trustedOrigins })).toThrow(
      expect.objectContaining({ message: expect.stringContaining('has to be a list of origins') }),
    )
  })
})
