/** What a visitor sees when there is no page, nobody is signed in, or something broke. */

import type { ErrorRequestHandler, RequestHandler, Response } from 'express'
import { html } from '../html.ts'
import { page } from '../page.ts'
import { type Site, type Visit, visitOf } from '../site.ts'
import { safeNext, SessionError } from '../sojourn.ts'
import type { Word } from '../words.ts'
import { signInPage } from './sign-in.ts'

export function notFound(site: Site): RequestHandler {
  return async (req, res) => {
    const visit = await visitOf(site, req)
    await sorry(res.status(404), visit, 'notFound', 'notFoundAbout')
  }
}

export function failureOf(site: Site): ErrorRequestHandler {
  return async (error: unknown, req, res, next) => {
    if (res.headersSent) return next(error)
    if (error instanceof SessionError && error.code === 'ERR_STORE_UNAVAILABLE') {
      // No page of ours: they all begin with the session.
      res.status(error.status).set(error.headers ?? {})
      return res.type('text').send('The sessions are out of reach. Please come back in a moment.\n')
    }
    const visit = await visitOf(site, req)
    if (error instanceof SessionError && error.code === 'ERR_NOT_SIGNED_IN') {
      const { session, say, path } = visit
      const back = safeNext(path, '/')
      if (req.method === 'POST') {
        return signInPage(res.status(401), visit, { next: back, error: say('signInFirst') })
      }
      session.flash(say('signInFirst'))
      return res.redirect(303, `/sign-in?next=${encodeURIComponent(back)}`)
    }
    if (error instanceof SessionError && error.code === 'ERR_CSRF') {
      return sorry(res.status(error.status), visit, 'refused', 'refusedAbout')
    }
    const status = statusOf(error)
    if (status === 500) console.error(error)
    await sorry(res.status(status), visit, 'failed', 'failedAbout')
  }
}

async function sorry(res: Response, visit: Visit, title: Word, about: Word): Promise<void> {
  const { say } = visit
  const body = html`<section class="hero">
    <div>
      <h1>${say(title)}</h1>
      <p class="lead">${say(about)}</p>
      <p><a class="button" href="/">${say('toHome')}</a></p>
    </div>
  </section>`
  await page(res, visit, { title: say(title), body })
}

/** Express marks what is the sender's fault, such as a body too large. */
function statusOf(error: unknown): number {
  const status = error instanceof Error && 'status' in error ? error.status : 500
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 500
}
