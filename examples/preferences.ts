/** Remembers a visitor's language. */

import express from 'express'
import { createSessions } from 'sojourn'
import { sessionMiddleware } from 'sojourn/express'

const greetings = { en: 'Welcome', de: 'Willkommen', fr: 'Bienvenue' }
type Language = keyof typeof greetings

const sessions = createSessions<{ language: Language }>({ secret: process.env.SESSION_SECRET })

const app = express()
app.use(sessionMiddleware(sessions))
app.use(express.urlencoded())

app.get('/', async (req, res) => {
  const session = await sessions.get(req)
  const language = session.get('language', 'en')
  res.send(`<html lang="${language}">${greetings[language]}
    <form method="post" action="/language">
      <button name="language" value="en">English</button>
      <button name="language" value="de">Deutsch</button>
      <button name="language" value="fr">Français</button>
    </form>`)
})

app.post('/language', async (req, res) => {
  const session = await sessions.get(req)
  const language = String(req.body?.language)
  if (Object.hasOwn(greetings, language)) session.set('language', language as Language)
  res.redirect(303, '/')
})

app.listen(3000)
