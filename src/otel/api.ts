/** The used part of `@opentelemetry/api` as structural types, because this package does not import it. */

/** The attributes of a span or a measurement. */
export type Attributes = Record<string, string | number | boolean>

/** A span that was started. */
export interface Span {
  setAttributes(attributes: Attributes): unknown
  setStatus(status: { code: number }): unknown
  end(): void
}

/** Starts spans; the parent is the span of the active context. */
export interface Tracer {
  /** Starts a span. */
  startSpan(name: string, options?: { attributes?: Attributes }): Span
}

/** The settings of an instrument. */
export interface InstrumentSettings {
  description?: string
  unit?: string
  advice?: { explicitBucketBoundaries?: number[] }
}

/** Adds to a sum. */
export interface Counter {
  add(value: number, attributes?: Attributes): void
}

/** Records values, of which the count and the distribution are exported. */
export interface Histogram {
  record(value: number, attributes?: Attributes): void
}

/** Called whenever metrics are collected. */
export type Observe = (result: { observe(value: number, attributes?: Attributes): void }) => void

/** An instrument whose value is read whenever metrics are collected. */
export interface Observable {
  addCallback(callback: Observe): void
  removeCallback(callback: Observe): void
}

/** Makes instruments. */
export interface Meter {
  /** Makes a sum that is added to. */
  createCounter(name: string, options?: InstrumentSettings): Counter
  /** Makes a distribution. */
  createHistogram(name: string, options?: InstrumentSettings): Histogram
  /** Makes a sum that is asked for. */
  createObservableCounter(name: string, options?: InstrumentSettings): Observable
  /** Makes a sum that is asked for and may sink. */
  createObservableUpDownCounter(name: string, options?: InstrumentSettings): Observable
}

/**
 * `@opentelemetry/api` itself; or providers: `{ trace: tracerProvider, metrics: meterProvider }`.
 * Without `trace` there are no spans, without `metrics` no metrics.
 */
export interface Telemetry {
  /** Makes the tracer. @default none: no spans */
  trace?: {
    /** Makes it. */
    getTracer(name: string): Tracer
  }
  /** Makes the meter. @default none: no metrics */
  metrics?: {
    /** Makes it. */
    getMeter(name: string): Meter
  }
}
