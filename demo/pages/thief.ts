/** A stolen cookie: what a copy is good for, and what ends it. */

import express, { type Router } from 'express'
import { cookieOf } from '../cookies.ts'
import { field } from '../form.ts'
import { html, type Html } from '../html.ts'
import { isStored, type Kind } from '../kinds.ts'
import { page } from '../page.ts'
import { countOf } from '../shop.ts'
import { type Site, type Visit, visitOf } from '../site.ts'
import { addUse, lair, type Loot, type LootUse } from '../strip/loot.ts'
import { rejectionWord } from '../strip/sentences.ts'
import type { Word } from '../words.ts'

export function thiefPages(site: Site): Router {
  const routes = express.Router()
  const { kinds, trails } = site
  const thief = lair()

  routes.get('/thief{/:copy}', async (req, res) => {
    const visit = await visitOf(site, req)
    const body = story(site, visit, thief.find(String(req.params['copy'])))
    await page(res, visit, { title: visit.say('thief'), body })
  })

  routes.post('/try/steal', async (req, res) => {
    const { session, trail, kind } = await visitOf(site, req)
    const { name, cookieName } = kind
    const value = cookieOf(req, cookieName)
    if (value === undefined || session.isNew) {
      trail.note = { word: 'tryFirst' }
      return res.redirect(303, '/thief')
    }
    res.redirect(303, pathOf(thief.steal({ kind: name, cookieName, value })))
  })

  routes.post('/try/thief', async (req, res) => {
    const loot = thief.find(field(req, 'copy'))
    const kind = kinds.named(loot?.kind ?? '')
    if (!loot || !kind) return res.redirect(303, '/thief')
    // Two minutes later, so that nobody has to wait until a renewed id is worth nothing.
    const { deed, result } = await trails.asThief(trails.of(req), () =>
      kind.later.open(`${loot.cookieName}=${loot.value}`),
    )
    const use: LootUse = {
      wasAccepted: deed.opened?.outcome === 'valid',
      userId: result.userId,
      cartCount: countOf(result.get('cart', {})),
      reason: deed.opened?.reason,
    }
    addUse(loot, use)
    res.redirect(303, pathOf(loot))
  })

  routes.post('/try/renew', async (req, res) => {
    const { session } = await visitOf(site, req)
    session.regenerate()
    const loot = thief.find(field(req, 'copy'))
    if (loot) loot.isRenewed = true
    res.redirect(303, pathOf(loot))
  })

  return routes
}

function story({ users, kinds }: Site, visit: Visit, loot: Loot | undefined): Html {
  const { say } = visit
  const kind = kinds.named(loot?.kind ?? '') ?? visit.kind
  return html` <h1>${say('thief')}</h1>
    <p class="lead">${say('thiefAbout')}</p>
    <div class="columns">
      <section class="card">
        <h2>${say('thiefYou')}</h2>
        ${who(visit, loot)} ${steps(visit, kind, loot)}
      </section>
      <section class="card tinted thief">
        <h2>${say('thiefThief')}</h2>
        ${
          loot
            ? html`<p>
                  ${say('thiefHas')} <code>${loot.cookieName}=${loot.value.slice(0, 12)}…</code>
                </p>
                <ol class="uses">
                  ${loot.uses.map((use) => html`<li>${outcome(users, visit, use)}</li>`)}
                </ol>`
            : html`<p>${say('thiefNone')}</p>`
        }
        ${loot?.uses.at(-1)?.reason === 'replayed' && html`<p class="found">${say('thiefFound')}</p>`}
        <p>${say(isStored(kind) ? 'thiefTruthStored' : 'thiefTruthCookie')}</p>
      </section>
    </div>`
}

function who({ say, user }: Visit, loot: Loot | undefined): Html {
  if (user) return html`<p>${say('thiefYouMember', { name: user.name })}</p>`
  return html`<p>
    ${say('thiefYouGuest')} <a href="/sign-in?next=${pathOf(loot)}">${say('signIn')}</a>
  </p>`
}

/** What to do, the next thing in colour. */
function steps({ say, user, csrfField, session }: Visit, kind: Kind, loot: Loot | undefined): Html {
  // With a store a new id is enough; of a cookie not even signing out ends a copy.
  const isOver = isStored(kind) ? loot?.isRenewed : !user
  const isFoundOut = loot?.uses.at(-1)?.wasAccepted === false
  const next = !loot || isFoundOut ? 'steal' : loot.uses.length === 0 || isOver ? 'look' : 'end'

  const step = (action: string, [label, about]: [Word, Word], isNext: boolean, isPossible = true) =>
    html`<li>
      <form method="post" action="${action}">
        ${csrfField}<input type="hidden" name="next" value="${pathOf(loot)}" />
        <input type="hidden" name="copy" value="${loot?.id}" />
        <button class="${!isNext && 'quiet'}" ${!isPossible && html` disabled`}>
          ${say(label)}
        </button>
      </form>
      <p>${say(about)}</p>
    </li>`

  return html`<ol class="steps">
    ${step('/try/steal', ['thiefSteal', session.isNew ? 'tryFirst' : 'thiefStealAbout'], next === 'steal', !session.isNew)}
    ${loot && step('/try/thief', ['thiefLook', 'thiefLookAbout'], next === 'look')}
    ${
      loot &&
      (isStored(kind)
        ? step('/try/renew', ['thiefRenew', 'thiefRenewAbout'], next === 'end', !session.isNew)
        : user && step('/sign-out', ['thiefSignOut', 'thiefSignOutAbout'], next === 'end'))
    }
  </ol>`
}

function pathOf(loot: Loot | undefined): string {
  return loot ? `/thief/${loot.id}` : '/thief'
}

function outcome(users: Site['users'], { say }: Visit, use: LootUse): Html {
  const { wasAccepted, userId, cartCount, reason } = use
  if (!wasAccepted) {
    return html`<b class="verdict refused">${say('thiefRefused')}</b>
      ${reason ? say(rejectionWord(reason)) : ''}`
  }
  const name = users.find(userId)?.name
  return html`<b class="verdict accepted">${say('thiefAccepted')}</b>
    ${name === undefined ? say('thiefSeesGuest', { count: cartCount }) : say('thiefSeesMember', { name, count: cartCount })}`
}
