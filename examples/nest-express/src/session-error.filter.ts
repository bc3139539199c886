/** Sends visitors who are not signed in to the sign-in page. Nest sends the other errors. */

import { type ArgumentsHost, Catch } from '@nestjs/common'
import { BaseExceptionFilter } from '@nestjs/core'
import type { Request, Response } from 'express'
import { SessionError } from 'sojourn'

@Catch(SessionError)
export class SessionErrorFilter extends BaseExceptionFilter {
  override catch(error: SessionError, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>()
    const response = host.switchToHttp().getResponse<Response>()
    response.set(error.headers ?? {})
    if (error.status !== 401) return super.catch(error, host)
    response.redirect(303, `/login?next=${encodeURIComponent(request.originalUrl)}`)
  }
}
