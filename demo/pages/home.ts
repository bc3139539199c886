/** The first page, with a counter of visits to it. */

import express, { type Router } from 'express'
import { html } from '../html.ts'
import { page } from '../page.ts'
import { inspectorOf } from '../kinds.ts'
import { type Site, type Visit, visitOf } from '../site.ts'
import { quote } from '../strip/quote.ts'
import type { Word } from '../words.ts'

export function homePage(site: Site): Router {
  const routes = express.Router()

  routes.get('/', async (req, res) => {
    const visit = await visitOf(site, req)
    const { session, user, say } = visit
    const views = session.update('views', (count = 0) => count + 1) ?? 0
    const body = html` <section class="hero">
        <div>
          <h1>${user ? say('welcomeBack', { name: user.name }) : say('welcome')}</h1>
          <p class="lead">${say('intro')}</p>
          <p class="lead">${say('introStrip')}</p>
          <p class="row">
            <a class="button" href="#session">${say('stripLook')}</a>
            <a class="button quiet" href="/shop">${say('browse')}</a>
          </p>
          <p class="views">${views === 1 ? say('viewsOne') : say('viewsMany', { count: views })}</p>
        </div>
        <figure class="listing">
          <figcaption>${say('codeOf')} <code>${EXAMPLE}</code></figcaption>
          <pre tabindex="0"><code>${INTEGRATION}</code></pre>
        </figure>
      </section>
      <ul class="cards">
        ${TO_TRY.map(
          ({ title, about, href }, at) =>
            html`<li class="card">
              <span class="number" aria-hidden="true">${at + 1}</span>
              <h2><a href="${href}">${say(title)}</a></h2>
              <p>${say(about)}</p>
            </li>`,
        )}
      </ul>
      <h2 class="next-title">${say('next')}</h2>
      <ul class="cards three">
        ${nextSteps(visit).map(
          ({ title, about, href }) =>
            html`<li class="card">
              <h3><a href="${href}">${say(title)}</a></h3>
              <p>${say(about)}</p>
            </li>`,
        )}
      </ul>`
    await page(res, visit, { title: say('home'), body })
  })

  return routes
}

interface Card {
  readonly title: Word
  readonly about: Word
  readonly href: string
}

const TO_TRY: readonly Card[] = [
  { title: 'tryCart', about: 'tryCartAbout', href: '/shop' },
  { title: 'trySignIn', about: 'trySignInAbout', href: '/sign-in' },
  { title: 'tryTodo', about: 'tryTodoAbout', href: '/todo' },
  { title: 'tryBreak', about: 'tryBreakAbout', href: '#session' },
]

function nextSteps({ kinds, kind }: Visit): readonly Card[] {
  return [
    { title: 'nextRaces', about: 'nextRacesAbout', href: '/races' },
    { title: 'nextDevices', about: 'nextDevicesAbout', href: '/profile#devices' },
    ...(process.env['NODE_ENV'] === 'production' ? [] : [inspectorCard(inspectorOf(kinds, kind))]),
  ]
}

function inspectorCard(href: string): Card {
  return { title: 'nextInspector', about: 'nextInspectorAbout', href }
}

/** Lines of an example that is tested as a whole. */
const EXAMPLE = 'examples/express.ts'
const INTEGRATION = [
  quote(EXAMPLE, 'const sessions = createSessions', 1),
  quote(EXAMPLE, 'app.use(sessionMiddleware', 1),
  quote(EXAMPLE, 'const session = await sessions.get(req)', 2),
  quote(EXAMPLE, 'session.login(', 1),
  quote(EXAMPLE, 'session.logout(', 1),
]
  .map(({ code }) => code)
  .join('\n')
