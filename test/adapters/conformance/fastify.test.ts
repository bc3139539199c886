import fastify, { type FastifyReply } from 'fastify'
import { Readable } from 'node:stream'
import { csrfGuard, loginRequired, sessionPlugin } from 'sojourn/fastify'
import { type AppReply } from 'sojourn/testing'
import { conformanceOf, PATHS } from './run.ts'

conformanceOf('Fastify', {
  offers: ['current', 'csrfGuard', 'loginRequired', 'routes', 'errorPage'],
  async start({ sessions, mount, before, handle, errorPage }) {
    const app = fastify({ forceCloseConnections: true })
    const parsers = ['text/plain', 'application/x-www-form-urlencoded', 'application/octet-stream']
    app.addContentTypeParser(parsers, { parseAs: 'string' }, (request, body, done) => {
      const isForm = request.headers['content-type'] === parsers[1]
      done(null, isForm ? Object.fromEntries(new URLSearchParams(String(body))) : body)
    })
    app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
    for (const one of mount) await app.register(sessionPlugin, { sessions: one })
    app.addHook('onRequest', (request) => before(request))
    if (errorPage)
      app.setErrorHandler(async (error, request, reply) =>
        send(reply, await errorPage(error, request)),
      )
    const login = loginRequired(sessions, { redirect: '/login' })
    const csrf = csrfGuard(sessions)
    app.addHook('preHandler', async (request, reply) => {
      if (request.url.startsWith('/account')) return login(request, reply)
      return request.url.startsWith('/guarded') ? csrf(request) : undefined
    })
    for (const path of PATHS) {
      app.all(path, async (request, reply) => {
        const { method, url, headers, body } = request
        const reached = await handle(request, {
          method,
          path: url.split('?')[0]!,
          header: (name) => headers[name] as string | undefined,
          text: async () => String(body ?? ''),
        })
        return send(reply, reached)
      })
    }
    return { origin: await app.listen({ port: 0, host: '127.0.0.1' }), stop: () => app.close() }
  },
})

function send(reply: FastifyReply, { status, headers, cookies, body }: AppReply): FastifyReply {
  reply.code(status).headers(headers)
  for (const line of cookies) reply.header('set-cookie', line)
  return reply.send(body === null || typeof body === 'string' ? body : Readable.from(body))
}
