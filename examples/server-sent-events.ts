/** Messages from the server to the visitor's open pages: server-sent events that end with the session. */

import express from 'express'
import { createSessions } from 'sojourn'
import { csrfGuard, loginRequired, sessionMiddleware } from 'sojourn/express'
import { memoryStore } from 'sojourn/stores/memory'

const sessions = createSessions({ secret: process.env.SESSION_SECRET, store: memoryStore() })

/** The open pages: who is signed in there, and how to send them a message. */
const pages = new Set<{ userId: string; send(text: string): void }>()

const app = express()
app.use(sessionMiddleware(sessions))
app.use(express.urlencoded())
app.use(csrfGuard(sessions))

app.get('/', async (req, res) => {
  const session = await sessions.get(req)
  const field = `<input type="hidden" name="_csrf" value="${session.csrfToken()}">`
  res.send(`<!doctype html><title>Messages</title>
    <form method="post" action="/login">${field}<button>Sign in as Ada</button></form>
    <form method="post" action="/message">${field}<input name="text"><button>Send</button></form>
    <form method="post" action="/logout">${field}<button>Sign out</button></form>
    <pre id="log"></pre>
    <script src="/page.js"></script>`)
})

app.get('/page.js', (_req, res) => {
  res.type('text/javascript').send(`
    const log = (line) => document.querySelector('#log').append(line + '\\n')
    const source = new EventSource('/events')
    source.onmessage = ({ data }) => log(JSON.parse(data))
    source.addEventListener('ended', ({ data }) => { source.close(); log('ended: ' + data) })`)
})

app.get('/events', loginRequired(sessions), async (req, res) => {
  const session = await sessions.signedIn(req)
  const { userId } = session
  res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
  const page = { userId, send: (text: string) => res.write(`data: ${JSON.stringify(text)}\n\n`) }
  pages.add(page)
  const stop = sessions.onEnded(session.handle, (why) => {
    // A browser reconnects after the end of a response: the page closes its EventSource on this event.
    res.end(`event: ended\ndata: ${why}\n\n`)
  })
  res.on('close', () => {
    pages.delete(page)
    stop()
  })
})

app.post('/login', async (req, res) => {
  const session = await sessions.get(req)
  session.login('ada') // an app of your own asks for a password here
  res.redirect(303, '/')
})

app.post('/message', loginRequired(sessions), async (req, res) => {
  const { userId } = await sessions.signedIn(req)
  const { text } = req.body as { text: string }
  for (const page of pages) if (page.userId === userId) page.send(text)
  res.redirect(303, '/')
})

app.post('/logout', async (req, res) => {
  const session = await sessions.get(req)
  session.logout()
  res.redirect(303, '/')
})

app.listen(3000)
