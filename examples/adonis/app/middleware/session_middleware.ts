/** Mounts the session of each request: `sessions.get(ctx)` finds it. */

import type { HttpContext } from '@adonisjs/core/http'
import type { NextFn } from '@adonisjs/core/types/http'
import { mountNode } from 'sojourn/node'
import { sessions } from '../sessions.ts'

export default class SessionMiddleware {
  async handle(ctx: HttpContext, next: NextFn): Promise<void> {
    const visit = mountNode(sessions, ctx.request.request, ctx.response.response, [ctx])
    if (!visit) return next()
    await sessions.run(visit, next)
    // Now, while the exception handler can still send the response of an error.
    await visit.commit()
  }
}
