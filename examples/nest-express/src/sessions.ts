/** The sessions of the app, and `@CurrentSession()` for the methods of its controllers. */

import { createParamDecorator, type ExecutionContext } from '@nestjs/common'
import { createSessions, type Session } from 'sojourn'

type Data = { visits: number; cart: string[] }

export type ShopSession = Session<Data>

export const sessions = createSessions<Data>({ secret: process.env.SESSION_SECRET })

/** The session of the request: Nest awaits what a decorator returns. */
export const CurrentSession = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  sessions.get(context.switchToHttp().getRequest<object>()),
)
