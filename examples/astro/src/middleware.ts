import { defineMiddleware, sequence } from 'astro:middleware'
import { csrfGuard, loginRequired, respond } from 'sojourn/fetch'
import { sessions } from './sessions.ts'

const session = defineMiddleware(({ request, locals }, next) =>
  respond(sessions, [request, locals], () => next()),
)

const csrf = defineMiddleware(({ request }, next) => csrfGuard(sessions, () => next())(request))

const account = defineMiddleware(({ request, routePattern }, next) => {
  if (routePattern !== '/account') return next()
  return loginRequired(sessions, { redirect: '/login' }, () => next())(request)
})

export const onRequest = sequence(session, csrf, account)
