/** The visitor's own page: who they are, and what their session keeps. */

import express, { type Router } from 'express'
import { html } from '../html.ts'
import { isStored, type KindName } from '../kinds.ts'
import { page } from '../page.ts'
import { memberVisitOf, type Site } from '../site.ts'
import { moment, type Word } from '../words.ts'
import { deviceList, noDeviceList } from './devices.ts'

export function profilePage(site: Site): Router {
  const routes = express.Router()

  routes.get('/profile', async (req, res) => {
    const visit = await memberVisitOf(site, req)
    const { session, user, language, say } = visit
    const since = session.authenticatedAt
    const open = site.todos.list(user.id).filter(({ done }) => !done).length
    const body = html` <h1>${user.name}</h1>
      <div class="columns">
        <section class="card">
          <h2>${say('account')}</h2>
          <dl class="facts">
            <div>
              <dt>${say('userName')}</dt>
              <dd>${user.id}</dd>
            </div>
            ${
              since &&
              html`<div>
                <dt>${say('since')}</dt>
                <dd><time datetime="${since.toISOString()}">${moment(language, since)}</time></dd>
              </div>`
            }
            <div>
              <dt>${say('remembered')}</dt>
              <dd>${session.permanent ? say('rememberedYes') : say('rememberedNo')}</dd>
            </div>
            <div>
              <dt>${say('views')}</dt>
              <dd>${session.get('views', 0)}</dd>
            </div>
            <div>
              <dt>${say('openTodos')}</dt>
              <dd><a href="/todo">${open}</a></dd>
            </div>
          </dl>
        </section>
        <section class="card tinted">
          <h2>${say('kept')}</h2>
          <p>${say(KEPT_ABOUT[visit.kind.name])}</p>
          <pre tabindex="0">${JSON.stringify(Object.fromEntries(session), undefined, 2)}</pre>
        </section>
        ${isStored(visit.kind) ? await deviceList(site, visit) : noDeviceList(visit)}
      </div>`
    await page(res, visit, { title: say('profile'), body })
  })

  return routes
}

const KEPT_ABOUT: Readonly<Record<KindName, Word>> = {
  signed: 'keptAbout',
  encrypted: 'aboutEncrypted',
  stored: 'keptAboutStored',
}
