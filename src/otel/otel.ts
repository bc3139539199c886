/** `sojourn/otel`: spans and metrics for OpenTelemetry, from the diagnostics channels. */

import { invalid, refuseUnknown, requireObject } from '../base/options.ts'
import type { Sessions, StoredSessions } from '../session/sessions.ts'
import type { Telemetry } from './api.ts'
import { type NamedStatus, reportMetrics, reportStatus } from './metrics.ts'
import { reportSpans } from './spans.ts'

export { type Attributes, type Meter, type Telemetry, type Tracer } from './api.ts'

/** Options of `instrumentSessions`. */
export interface InstrumentOptions {
  /**
   * Reports the state of the stores of these sessions: calls in flight, waiting and refused, and
   * ended sessions that the store did not confirm yet. @default none
   */
  sessions?: readonly (Sessions<any> | StoredSessions<any>)[]
}

/**
 * Reports all sessions of this process to OpenTelemetry: a span for each open and each commit, in the
 * active context, and metrics. Call it once, after the SDK has been started.
 *
 * Spans and metrics never contain a value of a session, a session id or a secret. Spans contain the
 * session's handle; metrics do not.
 *
 * @returns a function that stops the reports.
 * @throws ERR_OPTION_INVALID if both `trace` and `metrics` are missing, or for invalid options.
 *
 * @example
 * import * as otel from '@opentelemetry/api'
 * import { instrumentSessions } from 'sojourn/otel'
 * const stop = instrumentSessions(otel, { sessions: [sessions] })
 */
export function instrumentSessions(
  telemetry: Telemetry,
  options: InstrumentOptions = {},
): () => void {
  const { trace, metrics } = requireObject(telemetry, 'telemetry', OTEL) as Telemetry
  refuseUnknown(requireObject(options, 'options', SESSIONS), ['sessions'], '')
  const { sessions = [] } = options
  if (!Array.isArray(sessions)) throw invalid('sessions', `has to be a list. Write ${SESSIONS}`)
  if (!trace && !metrics) {
    throw invalid('trace', "is missing, and so is metrics. Pass all of '@opentelemetry/api'")
  }
  const meter = metrics?.getMeter('sojourn')
  const stops = [
    ...(trace ? reportSpans(trace.getTracer('sojourn')) : []),
    ...(meter ? reportMetrics(meter) : []),
    ...(meter ? reportStatus(meter, () => sessions.flatMap(statusOf)) : []),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

const OTEL = "all of '@opentelemetry/api'"
const SESSIONS = '{ sessions: [sessions] }'

function statusOf(sessions: Sessions<any> | StoredSessions<any>): NamedStatus[] {
  if (!('storeStatus' in sessions)) return []
  const status = sessions.storeStatus()
  const { name } = sessions.describePolicy().cookie
  return [[status, { 'sojourn.store.engine': status.engine, 'sojourn.cookie_name': name }]]
}
