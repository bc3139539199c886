/** The language, a preference that survives signing out. */

import express, { type Router } from 'express'
import { field } from '../form.ts'
import type { Site } from '../site.ts'
import { safeNext } from '../sojourn.ts'
import { isLanguage, speaker } from '../words.ts'

export function languageForm({ sessions }: Site): Router {
  const routes = express.Router()

  routes.post('/language', async (req, res) => {
    const session = await sessions.get(req)
    const language = field(req, 'language')
    if (isLanguage(language)) {
      session.set('language', language)
      session.flash(speaker(language)('languageSet'))
    }
    res.redirect(303, safeNext(field(req, 'next'), '/'))
  })

  return routes
}
