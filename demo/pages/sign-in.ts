/** Signing in and out. */

import express, { type Response, type Router } from 'express'
import { field } from '../form.ts'
import { html } from '../html.ts'
import { page } from '../page.ts'
import { type Site, type Visit, visitOf } from '../site.ts'
import { safeNext } from '../sojourn.ts'
import { DEMO_ACCOUNTS } from '../users.ts'
import { deviceOf } from './device-name.ts'

export function signInPages(site: Site): Router {
  const routes = express.Router()

  routes.get('/sign-in', async (req, res) => {
    const visit = await visitOf(site, req)
    const next = safeNext(req.query['next'], '/profile')
    if (visit.user) return res.redirect(303, next)
    await signInPage(res, visit, { next })
  })

  routes.post('/sign-in', async (req, res) => {
    const visit = await visitOf(site, req)
    const { session, say } = visit
    const name = field(req, 'name')
    const next = safeNext(field(req, 'next'), '/profile')
    const user = await site.users.check(name, field(req, 'password'))
    if (!user) return signInPage(res.status(401), visit, { next, name, error: say('wrong') })
    session.login(user.id)
    session.label = deviceOf(req)
    session.permanent = field(req, 'remember') === 'yes'
    session.flash(say('signedIn', { name: user.name }))
    res.redirect(303, next)
  })

  routes.post('/sign-out', async (req, res) => {
    const { session, say } = await visitOf(site, req)
    session.logout({ keep: ['language'] })
    session.flash(say('signedOut'))
    res.redirect(303, safeNext(field(req, 'next'), '/'))
  })

  return routes
}

/** The form; after a mistake with what was typed, but never with the password. */
export async function signInPage(
  res: Response,
  visit: Visit,
  { next, name, error }: { next: string; name?: string; error?: string },
): Promise<void> {
  const { say, csrfField } = visit
  const body = html` <div class="columns">
    <section class="card">
      <h1>${say('signIn')}</h1>
      <form method="post" action="/sign-in" class="stack">
        ${csrfField}
        <input type="hidden" name="next" value="${next}" />
        ${error !== undefined && html`<p id="error" class="flash error" role="alert">${error}</p>`}
        <label for="name">${say('userName')}</label>
        <input
          id="name"
          name="name"
          value="${name}"
          autocomplete="username"
          autocapitalize="none"
          spellcheck="false"
          required${DESCRIBED(error)}
        />
        <label for="password">${say('password')}</label>
        <input
          id="password"
          name="password"
          type="password"
          autocomplete="current-password"
          required${DESCRIBED(error)}
        />
        <div class="choice">
          <input
            id="remember"
            name="remember"
            value="yes"
            type="checkbox"
            aria-describedby="remember-about"
          />
          <label for="remember">${say('remember')}</label>
          <small id="remember-about">${say('rememberAbout')}</small>
        </div>
        <button>${say('signIn')}</button>
      </form>
    </section>
    <aside class="card tinted">
      <h2>${say('demoAccounts')}</h2>
      <p>${say('demoAccountsAbout')}</p>
      <dl class="accounts">
        ${DEMO_ACCOUNTS.map(
          (account) =>
            html`<div>
              <dt>${account.name}</dt>
              <dd><code>${account.id}</code> <code>${account.password}</code></dd>
            </div>`,
        )}
      </dl>
    </aside>
  </div>`
  await page(res, visit, { title: say('signIn'), body })
}

const DESCRIBED = (error: string | undefined) =>
  error !== undefined && html` aria-invalid="true" aria-describedby="error"`
