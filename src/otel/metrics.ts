/** The metrics of opens, commits, store calls, conflicts, events and the state of the store. */

import { COMMITS, EVENTS, OPENS, STORE_CALLS } from '../base/channels.ts'
import type { StoreCallMessage } from '../backends/stored/observed-store.ts'
import type {
  CommitMessage,
  EventMessage,
  OpenMessage,
} from '../session/explain/channel-messages.ts'
import type { StoreStatus } from '../session/stored-sessions.ts'
import type { Attributes, Meter, Observe } from './api.ts'
import { resultOf } from './attributes.ts'
import { type Stop, subscribe } from '../base/subscribe.ts'

/** Histogram boundaries in seconds: from reading a cookie up to a store's deadline. */
const BOUNDARIES = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1]

/** Records each open, commit, store call and event. */
export function reportMetrics(meter: Meter): Stop[] {
  const durations = (name: string, description: string) =>
    meter.createHistogram(name, {
      description,
      unit: 's',
      advice: { explicitBucketBoundaries: BOUNDARIES },
    })
  const opens = durations('sojourn.open.duration', 'Duration of opening sessions')
  const commits = durations('sojourn.commit.duration', 'Duration of saving sessions')
  const calls = durations('sojourn.store.duration', 'Duration of calls of the store')
  const conflicts = meter.createCounter('sojourn.conflicts', {
    description: 'Concurrent changes of one session',
    unit: '{conflict}',
  })
  const replays = meter.createCounter('sojourn.replays', {
    description: 'Renewed session ids that were sent again',
    unit: '{replay}',
  })
  const events = meter.createCounter('sojourn.events', {
    description: 'Events, by type',
    unit: '{event}',
  })
  const conflict = (how: string) => conflicts.add(1, { 'sojourn.conflict': how })
  return [
    subscribe<OpenMessage>(OPENS.end, (message) =>
      opens.record(seconds(message), resultOf(message)),
    ),
    subscribe<CommitMessage>(COMMITS.end, (message) => {
      commits.record(seconds(message), resultOf(message))
      if (message.code === 'ERR_SESSION_CONFLICT') conflict('failed')
    }),
    subscribe<StoreCallMessage>(STORE_CALLS.end, (message) => {
      const { engine, verb, outcome = 'done' } = message
      calls.record(seconds(message), {
        'sojourn.store.engine': engine,
        'sojourn.store.verb': verb,
        'sojourn.outcome': outcome,
      })
      if (outcome === 'lost') conflict('retried')
    }),
    subscribe<EventMessage>(EVENTS, ({ cookieName, event: { type } }) => {
      events.add(1, { 'sojourn.event': type, 'sojourn.cookie_name': cookieName })
      if (type === 'replayed') replays.add(1, { 'sojourn.cookie_name': cookieName })
      if (type === 'overwrote') conflict('overwrote')
    }),
  ]
}

/** The state of one store, and attributes to identify it. */
export type NamedStatus = readonly [status: StoreStatus, attributes: Attributes]

/** Exports the state of the stores, whenever metrics are collected. */
export function reportStatus(meter: Meter, statuses: () => readonly NamedStatus[]): Stop[] {
  const up = (name: string, description: string, unit: string) =>
    meter.createObservableUpDownCounter(`sojourn.store.${name}`, { description, unit })
  const counted = [
    ['inFlight', up('in_flight', 'Calls without a reply from the store', '{call}')],
    ['waiting', up('waiting', 'Calls that wait for their turn', '{call}')],
    [
      'unconfirmed',
      up('unconfirmed', 'Ended sessions that the store did not confirm', '{session}'),
    ],
    [
      'refused',
      meter.createObservableCounter('sojourn.store.refused', {
        description: 'Calls that were refused without being sent',
        unit: '{call}',
      }),
    ],
  ] as const
  return counted.map(([what, instrument]) => {
    const observe: Observe = (result) => {
      for (const [status, attributes] of statuses()) result.observe(status[what], attributes)
    }
    instrument.addCallback(observe)
    return () => instrument.removeCallback(observe)
  })
}

function seconds({ duration = 0 }: { duration?: number }): number {
  return duration / 1000
}
