/** The first page, with a counter of visits to it. */

import express, { type Router } from 'express'
import { html } from '../html.ts'
import { page } from '../page.ts'
import { type Site, visitOf } from '../site.ts'
import type { Word } from '../words.ts'

export function homePage(site: Site): Router {
  const routes = express.Router()

  routes.get('/', async (req, res) => {
    const visit = await visitOf(site, req)
    const { session, user, say } = visit
    const views = session.update('views', (count = 0) => count + 1) ?? 0
    const body = html` <section class="hero">
        <h1>${user ? say('welcomeBack', { name: user.name }) : say('welcome')}</h1>
        <p class="lead">${say('intro')}</p>
        <p class="row">
          <a class="button" href="/shop">${say('browse')}</a>
          <a class="button quiet" href="/todo">${say('openTodo')}</a>
        </p>
        <p class="views">${views === 1 ? say('viewsOne') : say('viewsMany', { count: views })}</p>
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
      </ul>`
    res.send(page(visit, { title: say('home'), body }))
  })

  return routes
}

const TO_TRY: readonly { title: Word; about: Word; href: string }[] = [
  { title: 'tryCart', about: 'tryCartAbout', href: '/shop' },
  { title: 'trySignIn', about: 'trySignInAbout', href: '/sign-in' },
  { title: 'tryTodo', about: 'tryTodoAbout', href: '/todo' },
  { title: 'tryLanguage', about: 'tryLanguageAbout', href: '#language' },
]
