/** What is measured of each library, as the cells of a row. */

import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { momentAt } from '../../demo/races/moment.ts'
import { manifest, root } from '../package/repository.ts'
import type { Peer } from './peer.ts'

/** A row: its title, and what is found out about a library. */
export type Row = readonly [title: string, measure: (peer: Peer) => Promise<string>]

export const ROWS: readonly Row[] = [
  ['100 concurrent increments that have all read first: counted', increments],
  ['20 keys written by 20 concurrent requests: saved', keys],
  ['a slow request ends after the logout: the browser is', slowRequest],
  ['a copy of the cookie, after the logout, is', copyOfCookie],
  ['a session id that was planted before the login is signed in after it', fixation],
  ['the session id can be read in the store', idInStore],
  ['the response headers are sent', headersSent],
  ['6 000 bytes in the session', tooLarge],
  ['a page that reads the session may be stored by a shared cache', cacheable],
  ['a `Date` comes back as', date],
  ['packages that npm installs with it', packages],
  ['bytes of the cookie for a user id and a counter, before URL encoding', cookieSize],
  ["the secret 'keyboard cat' is", weakSecret],
]

/** A browser: it stores the cookies of each response when it arrives. */
function browserAt(origin: string, cookies = new Map<string, string>()) {
  return {
    cookies,
    async to(
      path: string,
      method = 'POST',
    ): Promise<{ status: number; body: any; headers: Headers }> {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const response = await fetch(origin + path, { method, headers: { cookie } })
      for (const line of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
        if (/;\s*Max-Age=0/i.test(line) || /Expires=Thu, 01 Jan 1970/i.test(line))
          cookies.delete(name)
        else cookies.set(name, value)
      }
      const text = await response.text()
      const body = response.ok ? JSON.parse(text) : undefined
      return { status: response.status, body, headers: response.headers }
    },
  }
}

async function started(peer: Peer, secret = randomBytes(32).toString('base64url')) {
  const moment = momentAt('in the handler')
  const saving = momentAt('in the store')
  const origin = await peer.start({ secret, moment, saving })
  return { browser: browserAt(origin), origin, moment, saving }
}

async function increments(peer: Peer): Promise<string> {
  const { browser, moment } = await started(peer)
  await browser.to('/login')
  const held = moment.hold(100)
  const all = Array.from({ length: 100 }, () => browser.to('/increment'))
  await held.arrived
  held.release()
  await Promise.all(all)
  return String((await browser.to('/session')).body.count)
}

async function keys(peer: Peer): Promise<string> {
  const { browser, moment } = await started(peer)
  await browser.to('/login')
  const held = moment.hold(20)
  const all = Array.from({ length: 20 }, (_, at) => browser.to(`/key/${at}`))
  await held.arrived
  held.release()
  await Promise.all(all)
  const { body } = await browser.to('/keys')
  return String(body.filter((value: unknown) => value !== null).length)
}

async function slowRequest(peer: Peer): Promise<string> {
  const { browser, moment } = await started(peer)
  await browser.to('/login')
  const held = moment.hold(1)
  const slow = browser.to('/slow')
  await held.arrived
  await browser.to('/logout')
  held.release()
  await slow
  return signedIn((await browser.to('/session')).body.user)
}

async function copyOfCookie(peer: Peer): Promise<string> {
  const { browser, origin } = await started(peer)
  await browser.to('/login')
  const copy = browserAt(origin, new Map(browser.cookies))
  await browser.to('/logout')
  return signedIn((await copy.to('/session')).body.user)
}

/** Without any call of the app but the one that says who is signed in. */
async function fixation(peer: Peer): Promise<string> {
  if (!peer.store) return 'no id'
  const { browser, origin } = await started(peer)
  await browser.to('/increment')
  const planted = browserAt(origin, new Map(browser.cookies))
  await browser.to('/login')
  return (await planted.to('/session')).body.user === 'ann' ? 'yes, unless the app renews it' : 'no'
}

async function idInStore(peer: Peer): Promise<string> {
  if (!peer.store) return 'no store'
  const { browser } = await started(peer)
  await browser.to('/login')
  const [value = ''] = browser.cookies.values()
  const id = peer.store.idIn(decodeURIComponent(value))
  return peer.store.text().includes(id) ? 'yes' : 'no, a hash'
}

async function headersSent(peer: Peer): Promise<string> {
  if (!peer.store) return 'with the cookie'
  const { origin, saving } = await started(peer)
  const held = saving.hold(1)
  let arrived = false
  const response = fetch(`${origin}/login`, { method: 'POST' }).then((answer) => {
    arrived = true
    return answer.text()
  })
  await held.arrived
  // What was sent before has arrived once later requests were answered.
  for (let turn = 0; turn < 5; turn++) await browserAt(origin).to('/session')
  const before = arrived
  held.release()
  await response
  return before ? 'before it is saved' : 'after it was saved'
}

async function tooLarge(peer: Peer): Promise<string> {
  const { browser } = await started(peer)
  const { status, headers } = await browser.to('/big')
  const size = Math.max(0, ...headers.getSetCookie().map((line) => line.split(';')[0]!.length))
  if (status === 500) return 'an error'
  return size > 4096 ? 'sent; browsers drop the cookie' : 'fit'
}

async function cacheable(peer: Peer): Promise<string> {
  const { browser } = await started(peer)
  await browser.to('/login')
  const { headers } = await browser.to('/session', 'GET')
  const isKept = !/private|no-store/.test(headers.get('cache-control') ?? '')
  const isShared = isKept && !/cookie/i.test(headers.get('vary') ?? '')
  return isShared ? 'yes, unless the app forbids it' : 'no'
}

async function date(peer: Peer): Promise<string> {
  const { browser } = await started(peer)
  await browser.to('/set-date')
  return `a ${(await browser.to('/date')).body}`
}

/** The package's own and those that it depends on, as installed here. */
async function packages(peer: Peer): Promise<string> {
  const found = new Set<string>()
  const add = (name: string, from: string) => {
    const folder = folderOf(name, from)
    if (found.has(folder)) return
    found.add(folder)
    const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    for (const dependency of Object.keys(dependencies)) add(dependency, folder)
  }
  if (peer.name === 'sojourn') return String(1 + Object.keys(manifest.dependencies ?? {}).length)
  add(peer.name, root)
  return String(found.size)
}

function folderOf(name: string, from: string): string {
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, 'node_modules', name)
    if (existsSync(folder)) return folder
    if (at === dirname(at)) throw new Error(`${name} is not installed`)
  }
}

async function cookieSize(peer: Peer): Promise<string> {
  const { browser } = await started(peer)
  await browser.to('/login')
  await browser.to('/increment')
  const bytes = [...browser.cookies].map(
    ([name, value]) => name.length + 1 + decodeURIComponent(value).length,
  )
  return String(bytes.reduce((sum, length) => sum + length, 0))
}

/** In production. iron-session and Fastify's plugins refuse it for its length. */
async function weakSecret(peer: Peer): Promise<string> {
  try {
    const { browser } = await started(peer, 'keyboard cat')
    return (await browser.to('/login')).status === 200 ? 'accepted' : 'refused'
  } catch {
    return 'refused'
  }
}

function signedIn(user: unknown): string {
  return user === 'ann' ? 'signed in' : 'signed out'
}
