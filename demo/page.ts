/** The frame around every page. */

import type { Response } from 'express'
import { html, type Html } from './html.ts'
import { countOf } from './shop.ts'
import type { Visit } from './site.ts'
import { strip } from './strip/strip.ts'
import { LANGUAGES } from './words.ts'

/** What a page has of its own. */
export interface PageParts {
  readonly title: string
  readonly body: Html
}

/**
 * Sends a whole page. Shows the waiting flash messages, which are gone then.
 *
 * The session is saved first, so that the strip at the end shows the cookie of this response.
 */
export async function page(res: Response, visit: Visit, { title, body }: PageParts): Promise<void> {
  const { session, user, language, say, path, csrfField } = visit
  const count = countOf(session.get('cart', {}))
  const flashes = session.flashes()
  // What cannot be saved is told by the response itself.
  const saved = await session.commit().catch(() => new Headers())

  const link = (href: string, text: string, badge?: Html) =>
    html`<a href="${href}" ${path.split('?')[0] === href && html` aria-current="page"`}
      >${text}${badge}</a
    >`

  const text = html` <html lang="${language}">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <title>${title} · Sojourn</title>
      <link rel="icon" href="/icon.svg" type="image/svg+xml" />
      <link rel="stylesheet" href="/style.css" />
      <link rel="stylesheet" href="/strip.css" />
    </head>
    <body>
      <a class="skip" href="#content">${say('skip')}</a>
      <header>
        <div class="bar">
          <a class="brand" href="/"
            >${LOGO}<span>Sojourn<small>${say('slogan')}</small></span></a
          >
          <nav aria-label="Sojourn">
            ${link('/', say('home'))} ${link('/shop', say('shop'))} ${link('/todo', say('todo'))}
            ${link('/cart', say('cart'), count > 0 ? html` <b class="badge">${count}</b>` : undefined)}
            ${link('/races', say('races'))}
          </nav>
          <div class="account">
            ${
              user
                ? html`${link('/profile', user.name)}
                    <form method="post" action="/sign-out">
                      ${csrfField}
                      <button class="quiet">${say('signOut')}</button>
                    </form>`
                : html`<a class="button" href="/sign-in">${say('signIn')}</a>`
            }
          </div>
        </div>
      </header>
      <main id="content">
        ${
          flashes.length > 0 &&
          html`<div role="status" class="flashes">
            ${flashes.map(
              ({ category, message }) =>
                html`<p class="flash ${category === 'error' ? 'error' : 'success'}">
                  ${String(message)}
                </p>`,
            )}
          </div>`
        }
        ${body}
      </main>
      ${strip(visit, saved)}
      <footer>
        <form
          method="post"
          action="/language"
          class="languages"
          id="language"
          aria-label="${say('language')}"
        >
          ${csrfField}
          <input type="hidden" name="next" value="${path}" />
          ${Object.entries(LANGUAGES).map(
            ([code, name]) =>
              html`<button
                name="language"
                value="${code}"
                lang="${code}"
                aria-pressed="${code === language ? 'true' : 'false'}"
              >
                ${name}
              </button>`,
          )}
        </form>
        <p>${say('madeWith')}</p>
      </footer>
    </body>
  </html>`
  res.send(`<!doctype html>${text}`)
}

const LOGO = html`<svg viewBox="0 0 32 32" aria-hidden="true">
  <circle cx="16" cy="16" r="16" class="disc" />
  <path d="M7 23l9-15 9 15z" class="roof" />
  <path d="M13.5 23v-5a2.5 2.5 0 0 1 5 0v5z" class="door" />
</svg>`
