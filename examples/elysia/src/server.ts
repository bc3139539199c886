import { csrfGuard, withSessions } from 'sojourn/fetch'
import { app, sessions } from './app.ts'

const server = Bun.serve({
  port: process.env.PORT ?? 3000,
  fetch: withSessions(sessions, csrfGuard(sessions, app.fetch)),
})

console.log(`http://localhost:${server.port}`)
