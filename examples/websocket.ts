/** A WebSocket that knows who is signed in, and that is closed when they sign out. */

import { createServer } from 'node:http'
import { createSessions } from 'sojourn'
import { mountUpgrade, withSessions } from 'sojourn/node'
import { memoryStore } from 'sojourn/stores/memory'
import { WebSocketServer } from 'ws'

const sessions = createSessions({ secret: process.env.SESSION_SECRET, store: memoryStore() })

const PAGE = `<!doctype html><title>Chat</title>
<form method="post" action="/login"><button>Sign in as Ada</button></form>
<form method="post" action="/logout"><button>Sign out</button></form>
<pre id="log"></pre>
<script>
  const socket = new WebSocket(location.href.replace(/^http/, 'ws'))
  const log = (line) => document.querySelector('#log').append(line + '\\n')
  socket.onmessage = ({ data }) => log(data)
  socket.onclose = ({ code, reason }) => log('closed: ' + code + ' ' + reason)
</script>`

const server = createServer(
  withSessions(sessions, async (req, res) => {
    await sessions.checkCsrf(req)
    const session = await sessions.get(req)
    if (req.method === 'POST') {
      // An app of your own asks for a password here.
      if (req.url === '/login') session.login('ada')
      if (req.url === '/logout') session.logout()
      res.writeHead(303, { location: '/' }).end()
    } else res.writeHead(200, { 'content-type': 'text/html' }).end(PAGE)
  }),
)

const sockets = new WebSocketServer({ noServer: true })

server.on('upgrade', async (req, socket, head) => {
  mountUpgrade(sessions, req)
  await sessions.checkCsrf(req) // a page of another origin: 403
  const session = await sessions.signedIn(req) // nobody: 401
  sockets.handleUpgrade(req, socket, head, (ws) => {
    const stop = sessions.onEnded(session.handle, (why) => ws.close(4401, why))
    ws.on('close', stop)
    ws.on('message', (text) => ws.send(`${session.userId}: ${text}`))
  })
})

server.listen(3000)
