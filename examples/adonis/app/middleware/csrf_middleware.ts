/** Rejects posts from other sites: CSRF protection. Runs after the body parser. */

import type { HttpContext } from '@adonisjs/core/http'
import type { NextFn } from '@adonisjs/core/types/http'
import { sessions } from '../sessions.ts'

export default class CsrfMiddleware {
  async handle(ctx: HttpContext, next: NextFn): Promise<void> {
    await sessions.checkCsrf(ctx, ctx.request.input('_csrf'))
    return next()
  }
}
