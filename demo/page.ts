/** The frame around every page. */

import { html, type Html } from './html.ts'
import { countOf } from './shop.ts'
import type { Visit } from './site.ts'
import { LANGUAGES } from './words.ts'

/** A whole page as text. Shows the waiting flash messages, which are gone then. */
export function page(visit: Visit, { title, body }: { title: string; body: Html }): string {
  const { session, user, language, say, path, csrfField } = visit
  const count = countOf(session.get('cart', {}))
  const flashes = session.flashes()

  const link = (href: string, text: string, badge?: Html) =>
    html`<a href="${href}" ${path.split('?')[0] === href && html` aria-current="page"`}
      >${text}${badge}</a
    >`

  return `<!doctype html>${html` <html lang="${language}">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <title>${title} · Waystation</title>
      <link rel="icon" href="/icon.svg" type="image/svg+xml" />
      <link rel="stylesheet" href="/style.css" />
    </head>
    <body>
      <a class="skip" href="#content">${say('skip')}</a>
      <header>
        <div class="bar">
          <a class="brand" href="/"
            >${LOGO}<span>Waystation<small>${say('slogan')}</small></span></a
          >
          <nav aria-label="Waystation">
            ${link('/', say('home'))} ${link('/shop', say('shop'))} ${link('/todo', say('todo'))}
            ${link('/cart', say('cart'), count > 0 ? html` <b class="badge">${count}</b>` : undefined)}
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
        <p>
          ${say('madeWith')}
          ${process.env['NODE_ENV'] !== 'production' && html`<a href="/__sessions">${say('inspect')}</a>`}
        </p>
      </footer>
    </body>
  </html>`}`
}

const LOGO = html`<svg viewBox="0 0 32 32" aria-hidden="true">
  <circle cx="16" cy="16" r="16" class="disc" />
  <path d="M7 23l9-15 9 15z" class="roof" />
  <path d="M13.5 23v-5a2.5 2.5 0 0 1 5 0v5z" class="door" />
</svg>`
