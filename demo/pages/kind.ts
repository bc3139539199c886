/** The form that moves a visitor's session: signed cookie, encrypted cookie, or store. */

import express, { type Router } from 'express'
import { field } from '../form.ts'
import { type Site, visitOf } from '../site.ts'
import { backToStrip } from '../strip/tries.ts'

export function kindForm({ kinds, ...site }: Site): Router {
  const routes = express.Router()

  routes.post('/kind', async (req, res, next) => {
    const { session, trail } = await visitOf({ kinds, ...site }, req)
    const chosen = kinds.named(field(req, 'kind'))
    if (!chosen) return next()
    if (chosen !== kinds.of(req)) {
      const moved = await chosen.sessions.open(undefined)
      for (const [key, value] of session) moved.set(key, value)
      if (session.userId !== undefined) moved.login(session.userId)
      moved.label = session.label
      moved.permanent = session.permanent
      // In a store that ends it; of a cookie, a copy stays valid until its time.
      session.logout()
      const headers = await moved.commit()
      res.append('Set-Cookie', [...headers.getSetCookie(), kinds.choiceOf(chosen)])
      trail.note = { word: 'noteMoved' }
    }
    backToStrip(req, res)
  })

  return routes
}
