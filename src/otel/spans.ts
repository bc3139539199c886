/** The spans `session.open` and `session.commit`. */

import { COMMITS, OPENS, type Operation } from '../base/channels.ts'
import type { CommitMessage, OpenMessage } from '../session/explain/channel-messages.ts'
import type { Attributes, Span, Tracer } from './api.ts'
import { resultOf } from './attributes.ts'
import { type Stop, subscribe } from '../base/subscribe.ts'

/** `SpanStatusCode.ERROR` of OpenTelemetry. */
const ERROR = 2

/** Makes a span of each open and each commit. */
export function reportSpans(tracer: Tracer): Stop[] {
  return [
    ...spansOf(tracer, 'session.open', OPENS, () => ({})),
    ...spansOf(tracer, 'session.commit', COMMITS, ({ changed, setsCookie = false }) => ({
      'sojourn.changes': changed.length,
      'sojourn.sets_cookie': setsCookie,
    })),
  ]
}

function spansOf(
  tracer: Tracer,
  name: string,
  { start, end }: Operation,
  attributesOf: (message: CommitMessage) => Attributes,
): Stop[] {
  // The messages of start and end are the same object.
  const spans = new WeakMap<object, Span>()
  return [
    subscribe<OpenMessage>(start, (message) => spans.set(message, tracer.startSpan(name))),
    subscribe<CommitMessage>(end, (message) => {
      const span = spans.get(message)
      if (!span) return
      const { handle, userId, requestId } = message
      span.setAttributes({
        ...resultOf(message),
        ...attributesOf(message),
        ...(handle !== undefined && { 'sojourn.handle': handle }),
        ...(userId !== undefined && { 'user.id': userId }),
        ...(requestId !== undefined && { 'sojourn.request_id': requestId }),
      })
      if (message.outcome === 'failed') span.setStatus({ code: ERROR })
      span.end()
    }),
  ]
}
