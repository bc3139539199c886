/** Guards: who may reach a method of a controller. */

import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common'
import { sessions } from './sessions.js'

/** Rejects posts from other sites: CSRF protection. */
@Injectable()
export class CsrfGuard implements CanActivate {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<{ body?: { _csrf?: string } }>()
    await sessions.checkCsrf(request, request.body?._csrf)
    return true
  }
}

/** Lets only signed-in visitors pass. The filter sends the others to the sign-in page. */
@Injectable()
export class SignedInGuard implements CanActivate {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    await sessions.signedIn(context.switchToHttp().getRequest<object>())
    return true
  }
}
