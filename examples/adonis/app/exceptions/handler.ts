/** Sends the responses of errors: of those of the session with a text for visitors. */

import { ExceptionHandler, type HttpContext } from '@adonisjs/core/http'
import { SessionError } from 'sojourn'

export default class HttpExceptionHandler extends ExceptionHandler {
  override async handle(error: unknown, ctx: HttpContext): Promise<unknown> {
    if (!(error instanceof SessionError)) return super.handle(error, ctx)
    for (const [name, value] of Object.entries(error.headers ?? {}))
      ctx.response.header(name, value)
    return ctx.response.status(error.status).send(error.data ?? 'Something went wrong.')
  }
}
