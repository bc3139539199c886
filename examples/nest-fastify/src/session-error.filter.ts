/** Sends visitors who are not signed in to the sign-in page. Nest sends the other errors. */

import { type ArgumentsHost, Catch } from '@nestjs/common'
import { BaseExceptionFilter } from '@nestjs/core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { SessionError } from 'sojourn'

@Catch(SessionError)
export class SessionErrorFilter extends BaseExceptionFilter {
  override catch(error: SessionError, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>()
    const reply = host.switchToHttp().getResponse<FastifyReply>()
    reply.headers(error.headers ?? {})
    if (error.status !== 401) return super.catch(error, host)
    reply.redirect(`/login?next=${encodeURIComponent(request.originalUrl)}`, 303)
  }
}
