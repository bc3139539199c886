/** Where a member is signed in, and how to sign out there: what only a store can do. */

import express, { type Request, type Router } from 'express'
import { field } from '../form.ts'
import { html, type Html } from '../html.ts'
import { memberVisitOf, type Site, type Visit } from '../site.ts'
import { moment } from '../words.ts'

export function deviceForms({ devices, ...site }: Site): Router {
  const routes = express.Router()
  if (!devices) return routes

  routes.post('/devices/end', async (req, res) => {
    const { session, user, say } = await memberVisitOf(site, req)
    const ended = await devices.revoke(user.id, field(req, 'device'))
    session.flash(say(ended ? 'deviceEnded' : 'deviceGone'))
    res.redirect(303, '/profile')
  })

  routes.post('/devices/end-others', async (req, res) => {
    const { session, user, say } = await memberVisitOf(site, req)
    const { ended } = await devices.revokeUser(user.id, { except: session.handle })
    session.flash(say('othersEnded', { count: ended }))
    res.redirect(303, '/profile')
  })

  return routes
}

/** The list of a member's devices; nothing where sessions are in a cookie. */
export async function deviceList({ devices }: Site, visit: Visit): Promise<Html | undefined> {
  const { say, language, session, user, csrfField } = visit
  if (!devices || !user) return undefined
  const listed = await devices.list(user.id, { current: session.handle })
  return html`<section class="card">
    <h2>${say('devices')}</h2>
    <p>${say('devicesAbout')}</p>
    <ul class="todos">
      ${listed.map(
        ({ handle, label, lastSeenAt, isCurrent }) =>
          html`<li>
            <span class="text"
              >${label ?? say('device')}${isCurrent && html` <b class="badge">${say('here')}</b>`}<br />
              <small
                >${say('lastSeen')}
                <time datetime="${lastSeenAt.toISOString()}"
                  >${moment(language, lastSeenAt)}</time
                ></small
              ></span
            >
            ${
              !isCurrent &&
              html`<form method="post" action="/devices/end">
                ${csrfField}
                <button class="small danger" name="device" value="${handle}">
                  ${say('signOut')}
                </button>
              </form>`
            }
          </li>`,
      )}
    </ul>
    ${
      listed.length > 1 &&
      html`<form method="post" action="/devices/end-others">
        ${csrfField}
        <button class="quiet">${say('endOthers')}</button>
      </form>`
    }
  </section>`
}

/** What to call the device a request comes from: `Firefox, Linux`. */
export function deviceOf(req: Request): string | undefined {
  const agent = req.get('user-agent') ?? ''
  const browser = /\b(Firefox|Edg|OPR|Chrome|Safari|curl)\b/.exec(agent)?.[1]
  const system = /\b(Windows|Android|iPhone|iPad|Mac OS X|Linux)\b/.exec(agent)?.[1]
  const names = [browser && (BROWSERS[browser] ?? browser), system && (SYSTEMS[system] ?? system)]
  return names.filter(Boolean).join(', ') || undefined
}

const BROWSERS: Readonly<Record<string, string>> = { Edg: 'Edge', OPR: 'Opera' }

const SYSTEMS: Readonly<Record<string, string>> = { 'Mac OS X': 'macOS' }
