/** What a visitor can do to a session from the strip: change its cookie, send two requests at once. */

import { request } from 'node:http'
import express, { type Request, type Response, type Router } from 'express'
import { cookieOf, setCookieOf } from '../cookies.ts'
import { field } from '../form.ts'
import { attributesOf, type Kind } from '../kinds.ts'
import { type Site, visitOf } from '../site.ts'
import { safeNext } from '../sojourn.ts'

/**
 * The forms that act as a browser does, or as somebody at a browser. They set the session's cookie
 * themselves, so the request is not mounted: no session saves another one over it.
 */
export function browserForms({ kinds, trails }: Site): Router {
  const routes = express.Router()
  const form = express.urlencoded({ extended: false, limit: '16kb' })

  routes.post('/try/tamper', form, async (req, res, next) => {
    const kind = kinds.of(req)
    if (!(await isOwnForm(kind, req))) return next()
    const value = cookieOf(req, kind.cookieName)
    if (value !== undefined) {
      // Not the last character: some of its bits mean nothing.
      const changed = value.replace(/.(?=.{4}$)/, (byte) => (byte === 'A' ? 'B' : 'A'))
      res.append('Set-Cookie', [`${kind.cookieName}=${changed}`, ...attributesOf(kind)].join('; '))
      trails.of(req).note = { word: 'noteTampered' }
    }
    backToStrip(req, res)
  })

  routes.post('/try/twice', form, async (req, res, next) => {
    const kind = kinds.of(req)
    if (!(await isOwnForm(kind, req))) return next()
    const { isNew, clicks: before } = await clicksOf(kind, cookieOf(req, kind.cookieName))
    if (isNew) {
      trails.of(req).note = { word: 'tryFirst' }
      return backToStrip(req, res)
    }
    // Both carry the cookie of now, as two tabs do, or an impatient double click.
    const answers = await Promise.all([click(req), click(req)])
    const line = answers.flat().findLast((cookie) => setCookieOf(cookie).name === kind.cookieName)
    if (line !== undefined) res.append('Set-Cookie', line)
    const kept = line === undefined ? cookieOf(req, kind.cookieName) : setCookieOf(line).value
    const { clicks: after } = await clicksOf(kind, kept)
    const word = after - before === 2 ? 'noteTwiceBoth' : 'noteTwiceLost'
    trails.of(req).note = { word, values: { before, after } }
    backToStrip(req, res)
  })

  return routes
}

/** What each of two requests at once does. */
export function clickForm(site: Site): Router {
  const routes = express.Router()
  routes.post('/try/click', async (req, res) => {
    const { session } = await visitOf(site, req)
    session.update('clicks', (count = 0) => count + 1)
    res.status(204).end()
  })
  return routes
}

/** Back to the page with the strip, at the strip. */
export function backToStrip(req: Request, res: Response): void {
  res.redirect(303, `${safeNext(field(req, 'next'), '/').split('#')[0]}#session`)
}

async function clicksOf({ sessions, cookieName }: Kind, value = '') {
  const session = await sessions.open(`${cookieName}=${value}`)
  return { isNew: session.isNew, clicks: session.get('clicks', 0) }
}

/** Whether the form is of this site; where it is not, the guard of the app refuses it. */
async function isOwnForm({ sessions }: Kind, req: Request): Promise<boolean> {
  const carrier = {}
  const { method, headers } = req
  sessions.mount([carrier], { method, cookie: headers.cookie, header: (name) => req.get(name) })
  return sessions.checkCsrf(carrier, field(req, '_csrf')).then(
    () => true,
    () => false,
  )
}

/** Sends a click to this server itself, with the visitor's cookies; returns the Set-Cookie lines. */
function click(req: Request): Promise<string[]> {
  const { localAddress: host, localPort: port } = req.socket
  const body = new URLSearchParams({ _csrf: field(req, '_csrf') }).toString()
  return new Promise((resolve, reject) => {
    const headers = {
      cookie: req.headers.cookie,
      host: req.headers.host,
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': body.length,
    }
    const sent = request({ host, port, method: 'POST', path: '/try/click', headers }, (res) => {
      res.resume()
      res.on('end', () => resolve(res.headers['set-cookie'] ?? []))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
