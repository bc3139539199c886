/** Where a member is signed in, and how to sign out there: what only a store can do. */

import express, { type Router } from 'express'
import { field } from '../form.ts'
import { html, type Html } from '../html.ts'
import { memberVisitOf, type Site, type Visit } from '../site.ts'
import { moment } from '../words.ts'

export function deviceForms({ devices, ...site }: Site): Router {
  const routes = express.Router()
  if (!devices) return routes

  routes.get('/devices', (_req, res) => res.redirect(303, '/profile#devices'))

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
  return html`<section class="card wide" id="devices" aria-labelledby="devices-title">
    <h2 id="devices-title">${say('devices')}</h2>
    <p>${say('devicesAbout')}</p>
    <ul class="todos devices">
      ${listed.map(
        ({ handle, label, lastSeenAt, isCurrent }) =>
          html`<li ${isCurrent && html` aria-current="true"`}>
            ${SCREEN}
            <span class="text"
              ><b>${label ?? say('device')}</b
              >${isCurrent && html` <b class="badge">${say('here')}</b>`}<br />
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
                <button
                  class="small danger"
                  name="device"
                  value="${handle}"
                  aria-label="${say('signOut')}: ${label ?? say('device')}"
                >
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

/** In its place where the session is in a cookie: nobody but the browser knows of it. */
export function noDeviceList({ say }: Visit): Html {
  return html`<section class="card wide" id="devices" aria-labelledby="devices-title">
    <h2 id="devices-title">${say('nextDevices')}</h2>
    <p>${say('devicesInCookie')}</p>
  </section>`
}

const SCREEN = html`<svg class="screen" viewBox="0 0 24 24" aria-hidden="true">
  <rect x="3" y="4" width="18" height="12" rx="2" />
  <path d="M8 20h8M12 16v4" />
</svg>`
