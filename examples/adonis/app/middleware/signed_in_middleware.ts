/** Lets only signed-in visitors pass, and sends the others to the sign-in page. */

import type { HttpContext } from '@adonisjs/core/http'
import type { NextFn } from '@adonisjs/core/types/http'
import { SessionError } from 'sojourn'
import { sessions } from '../sessions.ts'

export default class SignedInMiddleware {
  async handle(ctx: HttpContext, next: NextFn): Promise<void> {
    try {
      await sessions.signedIn(ctx)
    } catch (error) {
      if (!(error instanceof SessionError) || error.status !== 401) throw error
      const next = encodeURIComponent(ctx.request.url(true))
      ctx.response.header('cache-control', 'no-store')
      return ctx.response.redirect().status(303).toPath(`/login?next=${next}`)
    }
    return next()
  }
}
