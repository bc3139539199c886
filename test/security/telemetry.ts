/** Listens to every diagnostics channel, and has the real SDK of OpenTelemetry report to memory. */

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { onTestFinished } from 'vitest'
import { type InstrumentOptions, instrumentSessions } from '../../src/otel/otel.ts'

const CHANNELS = [
  'sojourn:event',
  ...['open', 'commit', 'store'].flatMap((name) => [
    `sojourn:${name}:start`,
    `sojourn:${name}:end`,
  ]),
]

/** The SDK, with exporters that keep all they get. */
export function openTelemetry() {
  const spans = new InMemorySpanExporter()
  const trace = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] })
  const metricsOut = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({
    exporter: metricsOut,
    exportIntervalMillis: 3_600_000,
  })
  const metrics = new MeterProvider({ readers: [reader] })
  return {
    trace,
    metrics,
    spans: () => spans.getFinishedSpans(),
    async collected() {
      metricsOut.reset()
      await reader.forceFlush()
      return metricsOut
        .getMetrics()
        .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
    },
  }
}

/** Reports to the SDK until the test is over. */
export function instrumented(options?: InstrumentOptions) {
  const sdk = openTelemetry()
  const stop = instrumentSessions(sdk, options)
  onTestFinished(stop)
  return { ...sdk, stop }
}

/** Every message and what the SDK exports; a message as it was when it was published. */
export function listenToEverything() {
  const messages: [where: string, what: unknown][] = []
  const hear = (message: unknown, name: string | symbol) => {
    messages.push([`the channel ${String(name)}`, structuredClone(message)])
  }
  for (const name of CHANNELS) subscribe(name, hear)
  onTestFinished(() => {
    for (const name of CHANNELS) unsubscribe(name, hear)
  })
  const sdk = instrumented()
  return {
    messages,
    async told() {
      const spans = sdk.spans().map((span) => ['a span', telling(span)] as const)
      const metrics = (await sdk.collected()).map((metric) => ['a metric', metric] as const)
      return [...messages, ...spans, ...metrics]
    },
  }
}

/** What a span says; without the SDK's own insides. */
function telling({
  name,
  attributes,
  status,
  events,
  links,
}: ReturnType<InMemorySpanExporter['getFinishedSpans']>[number]) {
  return { name, attributes, status, events, links }
}
