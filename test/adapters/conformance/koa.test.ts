import Koa, { type Context } from 'koa'
import { Readable } from 'node:stream'
import { csrfGuard, loginRequired, sessionMiddleware } from 'sojourn/koa'
import { appRequest, type AppReply } from 'sojourn/testing'
import { conformanceOf, listen } from './run.ts'

conformanceOf('Koa', {
  offers: ['current', 'csrfGuard', 'loginRequired', 'routes', 'errorPage'],
  start({ sessions, mount, before, handle, errorPage }) {
    const app = new Koa()
    app.silent = true
    for (const one of mount) app.use(sessionMiddleware(one))
    app.use(async (ctx, next) => {
      if (!errorPage) return next()
      return next().catch(async (error: unknown) => send(ctx, await errorPage(error, ctx)))
    })
    app.use((ctx, next) => before(ctx).then(next))
    const login = loginRequired(sessions, { redirect: '/login' })
    const csrf = csrfGuard(sessions)
    app.use(async (ctx, next) => {
      if (ctx.path === '/account') return login(ctx, next)
      if (!ctx.path.startsWith('/guarded')) return next()
      const body = Object.fromEntries(new URLSearchParams(await appRequest(ctx.req).text()))
      Object.assign(ctx.request, { body })
      return csrf(ctx, next)
    })
    app.use(async (ctx) => {
      if (ctx.path !== '/no/such/page') send(ctx, await handle(ctx, appRequest(ctx.req)))
    })
    return listen(app.callback())
  },
})

function send(ctx: Context, { status, headers, cookies, body }: AppReply): void {
  ctx.status = status
  ctx.body = body === null || typeof body === 'string' ? body : Readable.from(body)
  ctx.set(headers)
  ctx.status = status
  for (const line of cookies) ctx.append('set-cookie', line)
}
