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
        <div>
          <h1>${user ? say('welcomeBack', { name: user.name }) : say('welcome')}</h1>
          <p class="lead">${say('intro')}</p>
          <p class="row">
            <a class="button" href="/shop">${say('browse')}</a>
            <a class="button quiet" href="/todo">${say('openTodo')}</a>
          </p>
          <p class="views">${views === 1 ? say('viewsOne') : say('viewsMany', { count: views })}</p>
        </div>
        ${SCENE}
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

const SCENE = html`<svg class="scene" viewBox="0 0 400 300" aria-hidden="true">
  <rect width="400" height="300" class="sky" />
  <circle cx="306" cy="78" r="30" class="c4" />
  <path d="M0 196q90-80 190-22t210-30v156H0z" class="c5 far" />
  <path d="M0 236q120-58 220-14t180-10v88H0z" class="c1" />
  <path d="M128 222l62-92 62 92z" class="c2" />
  <path d="M176 222v-26a14 14 0 0 1 28 0v26z" class="c4" />
  <path d="M190 222q-6 40-60 78h92q10-40-18-78z" class="c3" />
  <path d="M292 226v-64M292 162l-22 44h44zM292 140l-17 36h34z" class="tree" />
  <path d="M84 232v-44M84 170l-18 40h36zM84 152l-13 30h26z" class="tree" />
  <g class="c3">
    <circle cx="60" cy="60" r="2.5" />
    <circle cx="128" cy="44" r="2" />
    <circle cx="206" cy="70" r="2.5" />
    <circle cx="250" cy="34" r="2" />
  </g>
</svg>`
