import { describe, expect, test } from 'vitest'
import {
  mergeInto,
  personalCacheControl,
  privateCacheControl,
  setCookieName,
  varyWithCookie,
  withSetCookie,
} from '../../src/http/headers.ts'

describe('Vary', () => {
  test.each([
    [undefined, 'Cookie'],
    [null, 'Cookie'],
    ['', 'Cookie'],
    ['  ', 'Cookie'],
    ['Accept', 'Accept, Cookie'],
    ['cookie', 'cookie'],
    ['Accept,COOKIE', 'Accept,COOKIE'],
    ['Accept , Cookie ,X', 'Accept , Cookie ,X'],
    ['X-Cookie', 'X-Cookie, Cookie'],
    ['*', '*, Cookie'],
  ])('%j becomes %j', (before, after) => expect(varyWithCookie(before)).toBe(after))
})

describe('Cache-Control of a response that sets the cookie', () => {
  test.each([
    [undefined, 'private'],
    [null, 'private'],
    ['', 'private'],
    ['no-store', 'no-store'],
    ['private', 'private'],
    ['PRIVATE, max-age=5', 'PRIVATE, max-age=5'],
    ['no-cache', 'private, no-cache'],
    ['max-age=60', 'private, max-age=60'],
    ['public', 'private'],
    ['public, max-age=60, s-maxage=600', 'private, max-age=60'],
    ['Public,S-MaxAge=1,no-store', 'no-store'],
    ['private="x-user, y"', 'private, private="x-user, y"'],
    ['no-cache="a, public", public', 'private, no-cache="a, public"'],
    [', ,max-age=1', 'private, max-age=1'],
    ['x-private', 'private, x-private'],
    ['no-store-x', 'private, no-store-x'],
  ])('%j becomes %j', (before, after) => expect(privateCacheControl(before)).toBe(after))
})

describe('Cache-Control of a response to a signed-in visitor, without a Set-Cookie', () => {
  test.each([
    [undefined, 'private'],
    ['', 'private'],
    ['no-store', 'no-store'],
    ['private, max-age=5', 'private, max-age=5'],
    ['no-cache', 'private, no-cache'],
    ['max-age=60, must-revalidate', 'private, max-age=60, must-revalidate'],
    ['no-cache="a, public"', 'private, no-cache="a, public"'],
    ['x-public', 'private, x-public'],
    ['public-x', 'private, public-x'],
    // The stricter holds.
    ['public, no-store', 'no-store'],
    ['s-maxage=9, PRIVATE', 'PRIVATE'],
  ])('%j becomes %j', (before, after) => {
    const shared: string[] = []
    expect(personalCacheControl(before, (control) => shared.push(control))).toBe(after)
    expect(shared).toEqual([])
  })

  test.each(['public', 'Public , max-age=60', 'max-age=0,S-MaxAge=60', 's-maxage="60"'])(
    'what the app shares with caches stays, and is reported: %j',
    (control) => {
      const shared: string[] = []
      expect(personalCacheControl(control, (given) => shared.push(given))).toBe(control)
      expect(shared).toEqual([control])
    },
  )
})

describe('Set-Cookie', () => {
  test('the name is what stands before the first equals sign', () => {
    expect(setCookieName('a=b=c; Path=/')).toBe('a')
    expect(setCookieName(' a =b')).toBe('a')
    expect(setCookieName('a')).toBe('')
    expect(setCookieName('=a')).toBe('')
  })

  test('ours replaces lines of its name and leaves the others as they are', () => {
    expect(withSetCookie(['a=1', 's=old', 'S=2', 's=older; Path=/x', 'b'], 's=new')).toEqual([
      'a=1',
      'S=2',
      'b',
      's=new',
    ])
  })

  test('headers get exactly what the session adds', () => {
    const headers = new Headers([
      ['set-cookie', 'a=1'],
      ['set-cookie', 's=old'],
      ['cache-control', 'public'],
      ['vary', 'Accept'],
    ])
    expect(mergeInto(headers, { vary: true, setCookie: 's=new' })).toBe(headers)
    expect(headers.getSetCookie()).toEqual(['a=1', 's=new'])
    expect(headers.get('cache-control')).toBe('private')
    expect(headers.get('vary')).toBe('Accept, Cookie')

    expect([...mergeInto(new Headers(), { vary: true, setCookie: undefined })]).toEqual([
      ['vary', 'Cookie'],
    ])
    expect([...mergeInto(new Headers(), { vary: false, setCookie: undefined })]).toEqual([])
  })

  test.each(['CDN-Cache-Control', 'Netlify-CDN-Cache-Control', 'Surrogate-Control'])(
    'beside it %s, which only one cache reads, is removed; without it the header stays',
    (name) => {
      const shared = () => new Headers([[name, 'max-age=600']])
      const signedIn = { vary: true, setCookie: undefined, isPersonal: true }
      expect(mergeInto(shared(), { vary: true, setCookie: 's=1' }).has(name)).toBe(false)
      expect(mergeInto(shared(), signedIn).get(name)).toBe('max-age=600')
    },
  )
})

describe('a session with more than one cookie', () => {
  test('sends its further lines beside its own, and takes those of an earlier commit back', () => {
    const headers = new Headers([
      ['set-cookie', 'theme=dark'],
      ['set-cookie', 'cart.sig=old'],
      ['set-cookie', 'cart=old'],
    ])
    const withdrawn = ['cart=old', 'cart.sig=old']
    mergeInto(headers, { vary: true, setCookie: 'cart=new', also: ['cart.sig=new'], withdrawn })
    expect(headers.getSetCookie()).toEqual(['theme=dark', 'cart.sig=new', 'cart=new'])
  })

  test('keeps a response out of shared caches that only sets such a line', () => {
    const headers = new Headers({ 'cache-control': 'public', 'cdn-cache-control': 'max-age=60' })
    mergeInto(headers, { vary: true, setCookie: undefined, also: ['former=; Max-Age=0'] })
    expect(headers.getSetCookie()).toEqual(['former=; Max-Age=0'])
    expect(headers.get('cache-control')).toBe('private')
    expect(headers.has('cdn-cache-control')).toBe(false)
  })
})

test('sends the lines of former sessions once, also where the line of ours gives way to the app', () => {
  const former = ['old=; Max-Age=0']
  const apps = ['session=of-the-app', 'old=; Max-Age=0']
  expect(withSetCookie(apps, 'session=ours', { isRenewal: true, former })).toEqual([
    'session=of-the-app',
    'old=; Max-Age=0',
  ])
  expect(withSetCookie(apps, undefined, { former })).toEqual([
    'session=of-the-app',
    'old=; Max-Age=0',
  ])
})
