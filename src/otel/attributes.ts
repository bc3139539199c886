/** The attributes that spans and metrics of one operation share. Each has only a few values. */

import type { CommitMessage, OpenMessage } from '../session/explain/channel-messages.ts'
import type { Attributes } from './api.ts'

/** The attributes for the outcome of an open or a commit. */
export function resultOf(message: OpenMessage | CommitMessage): Attributes {
  const { cookieName, outcome, code } = message
  const reason = 'reason' in message ? message.reason : undefined
  return {
    'sojourn.cookie_name': cookieName,
    ...(outcome !== undefined && { 'sojourn.outcome': outcome }),
    ...(reason !== undefined && { 'sojourn.reason': reason }),
    ...(code !== undefined && { 'error.type': code }),
  }
}
