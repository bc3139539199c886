/** `sojourn/otel`, with the real SDK of OpenTelemetry: spans and metrics as they are exported. */

import { context, trace as traceApi } from '@opentelemetry/api'
import * as otel from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createSessions, type SessionOptions } from '../../src/index.ts'
import { instrumentSessions } from '../../src/otel/otel.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { through } from '../promises/stores.ts'
import { instrumented, openTelemetry } from '../security/telemetry.ts'
import { listenTo } from '../session/channels.ts'
import { SECRET, T0, Visitor } from '../session/visitor.ts'

beforeEach(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
})
afterEach(() => {
  context.disable()
  traceApi.disable()
  otel.metrics.disable()
})

type Collected = Awaited<ReturnType<ReturnType<typeof openTelemetry>['collected']>>

/** Sessions on a store whose verbs can be made to fail. */
function onStore(options: Partial<Omit<SessionOptions, 'store'>> = {}) {
  const failing = new Set<string>()
  const store = through(memoryStore({ clock: () => T0 }), async (verb, _args, call) => {
    if (failing.has(verb)) throw new Error('the store is away')
    return call()
  })
  const sessions = createSessions<any>({ secret: SECRET, clock: () => T0, ...options, store })
  return { sessions, failing }
}

/** The points of a metric: its attributes, and its sum or how many values it has. */
function pointsOf(metrics: Collected, name: string) {
  const metric = metrics.find(({ descriptor }) => descriptor.name === name)
  return (metric?.dataPoints ?? []).map(({ attributes, value }) => {
    return [attributes, typeof value === 'number' ? value : value.count] as const
  })
}

test('a request is a span for opening and one for saving, children of the active span', async () => {
  const { trace, spans } = instrumented()
  const { sessions } = onStore()
  const visitor = new Visitor(sessions)
  const tracer = trace.getTracer('app')
  const request = tracer.startSpan('GET /')
  await context.with(traceApi.setSpan(context.active(), request), () =>
    visitor.visit((session) => session.login('ada')),
  )
  request.end()
  const [open, commit, parent] = spans()
  expect([open!.name, commit!.name, parent!.name]).toEqual([
    'session.open',
    'session.commit',
    'GET /',
  ])
  for (const span of [open!, commit!]) {
    expect(span.parentSpanContext?.spanId).toBe(parent!.spanContext().spanId)
    expect(span.status.code).toBe(otel.SpanStatusCode.UNSET)
  }
  const cookie = { 'sojourn.cookie_name': 'session' }
  expect(open!.attributes).toEqual({ ...cookie, 'sojourn.outcome': 'none' })
  expect(commit!.attributes).toEqual({
    ...cookie,
    'sojourn.outcome': 'saved',
    'sojourn.changes': 1,
    'sojourn.sets_cookie': true,
    'sojourn.handle': await visitor.read((session) => session.handle),
  })
})

test('spans name the user and the request only if the app chose so', async () => {
  const { spans } = instrumented()
  const events = { userId: true, requestId: () => 'request 1' }
  await new Visitor(onStore({ events }).sessions).visit((session) => session.login('ada'))
  const commit = spans().at(-1)!
  expect(commit.attributes).toMatchObject({
    'user.id': 'ada',
    'sojourn.request_id': 'request 1',
  })
})

test('a failure is a span with status ERROR and the code of the error', async () => {
  const { spans } = instrumented()
  const { sessions, failing } = onStore()
  const visitor = new Visitor(sessions)
  await visitor.visit((session) => session.set('a', 1))
  failing.add('read')
  await expect(sessions.open(visitor.cookie)).rejects.toMatchObject({
    code: 'ERR_STORE_UNAVAILABLE',
  })
  const span = spans().at(-1)!
  expect([span.name, span.status.code]).toEqual(['session.open', otel.SpanStatusCode.ERROR])
  expect(span.attributes).toMatchObject({
    'sojourn.outcome': 'failed',
    'error.type': 'ERR_STORE_UNAVAILABLE',
  })
})

test('opens and commits are counted by outcome, with how long they took in seconds', async () => {
  const { collected } = instrumented()
  const heard = listenTo('sojourn:open:end')
  const { sessions } = onStore()
  const visitor = new Visitor(sessions)
  await visitor.visit((session) => session.login('ada'))
  await visitor.visit()
  const before = visitor.cookie
  await sessions.revokeUser('ada')
  await visitor.visit()
  await sessions.open('session=forged')
  const metrics = await collected()
  const cookie = { 'sojourn.cookie_name': 'session' }
  const rejected = { ...cookie, 'sojourn.outcome': 'rejected' }
  expect(before).toBe(visitor.cookie)
  expect(pointsOf(metrics, 'sojourn.open.duration')).toEqual([
    [{ ...cookie, 'sojourn.outcome': 'none' }, 1],
    [{ ...cookie, 'sojourn.outcome': 'valid' }, 1],
    [{ ...rejected, 'sojourn.reason': 'gone' }, 1],
    [{ ...rejected, 'sojourn.reason': 'malformed' }, 1],
  ])
  expect(pointsOf(metrics, 'sojourn.commit.duration')).toEqual([
    [{ ...cookie, 'sojourn.outcome': 'saved' }, 1],
    [{ ...cookie, 'sojourn.outcome': 'unchanged' }, 2],
  ])
  const { descriptor, dataPoints } = metrics.find(({ descriptor: { name } }) =>
    name.includes('open'),
  )!
  expect(descriptor.unit).toBe('s')
  const [first] = dataPoints as { value: { sum: number } }[]
  expect(first!.value.sum * 1000).toBeCloseTo(heard[0]![1]['duration'] as number)
})

test('the latency of each verb of the store is a histogram, and lost swaps are conflicts', async () => {
  const { collected } = instrumented()
  const { sessions } = onStore()
  const visitor = new Visitor(sessions)
  await visitor.visit((session) => session.set('a', 1))
  const slow = await sessions.open(visitor.cookie)
  await visitor.visit((session) => session.set('a', 2))
  slow.set('b', 2)
  await slow.commit()
  const metrics = await collected()
  const call = (verb: string, outcome: string) => ({
    'sojourn.store.engine': 'memory',
    'sojourn.store.verb': verb,
    'sojourn.outcome': outcome,
  })
  const calls = pointsOf(metrics, 'sojourn.store.duration')
  expect(calls).toContainEqual([call('read', 'done'), 2])
  expect(calls).toContainEqual([call('insert', 'done'), 1])
  expect(calls).toContainEqual([call('swap', 'done'), 2])
  expect(calls).toContainEqual([call('swap', 'lost'), 1])
  expect(pointsOf(metrics, 'sojourn.conflicts')).toEqual([[{ 'sojourn.conflict': 'retried' }, 1]])
})

test('replayed ids and every event are counted', async () => {
  const { collected } = instrumented()
  const now = { at: T0 }
  const store = memoryStore({ clock: () => now.at })
  const sessions = createSessions<any>({ secret: SECRET, clock: () => now.at, store })
  const visitor = new Visitor(sessions)
  await visitor.visit((session) => session.login('ada'))
  const stolen = visitor.cookie
  await visitor.visit((session) => session.regenerate())
  await visitor.visit()
  now.at += 60_000
  await sessions.open(stolen)
  const metrics = await collected()
  const cookie = { 'sojourn.cookie_name': 'session' }
  expect(pointsOf(metrics, 'sojourn.replays')).toEqual([[cookie, 1]])
  const events = pointsOf(metrics, 'sojourn.events')
  for (const type of ['login', 'created', 'regenerate', 'replayed', 'rejected']) {
    expect(events).toContainEqual([{ ...cookie, 'sojourn.event': type }, 1])
  }
})

test('the state of the store is asked for whenever metrics are collected', async () => {
  const { sessions, failing } = onStore()
  const inCookie = createSessions({ secret: SECRET })
  const { collected } = instrumented({ sessions: [sessions, inCookie] })
  const which = { 'sojourn.store.engine': 'memory', 'sojourn.cookie_name': 'session' }
  const metrics = await collected()
  for (const name of ['in_flight', 'waiting', 'unconfirmed', 'refused']) {
    expect(pointsOf(metrics, `sojourn.store.${name}`)).toEqual([[which, 0]])
  }
  const visitor = new Visitor(sessions)
  await visitor.visit((session) => session.login('ada'))
  failing.add('remove')
  await expect(visitor.visit((session) => session.logout())).rejects.toMatchObject({
    code: 'ERR_STORE_UNAVAILABLE',
  })
  const later = await collected()
  expect(pointsOf(later, 'sojourn.store.unconfirmed')).toEqual([[which, 1]])
})

test('the API itself is enough: what the app registered with it is used', async () => {
  const sdk = openTelemetry()
  traceApi.setGlobalTracerProvider(sdk.trace)
  otel.metrics.setGlobalMeterProvider(sdk.metrics)
  const stop = instrumentSessions(otel)
  const { sessions } = onStore()
  await sessions.open(undefined)
  stop()
  await sessions.open(undefined)
  expect(sdk.spans().map(({ name }) => name)).toEqual(['session.open'])
  expect(pointsOf(await sdk.collected(), 'sojourn.open.duration')).toHaveLength(1)
})

test('traces without metrics, and metrics without traces, are fine; neither is refused', async () => {
  const { trace, metrics, spans, collected } = openTelemetry()
  instrumentSessions({ trace })()
  instrumentSessions({ metrics })()
  expect(() => instrumentSessions({})).toThrow(/"trace" is missing/)
  expect([spans(), await collected()]).toEqual([[], []])
})
