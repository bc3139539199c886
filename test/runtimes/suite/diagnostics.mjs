/** Events, diagnostics channels, OpenTelemetry, and the session of the current request. */

import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createSessions } from 'sojourn'
import { withSessions } from 'sojourn/fetch'
import { instrumentSessions } from 'sojourn/otel'
import { memoryStore } from 'sojourn/stores/memory'
import { testVisitor } from 'sojourn/testing'
import { secret } from './site.mjs'

/** Runs something while the channels are listened to; returns the names of the messages. */
async function toldWhile(names, act) {
  const told = []
  const note = (message, name) => told.push([name, message])
  for (const name of names) subscribe(name, note)
  try {
    await act()
  } finally {
    for (const name of names) unsubscribe(name, note)
  }
  return told
}

export const diagnostics = {
  async 'opens, commits and store calls are published, with their durations'() {
    const operations = ['open', 'commit', 'store']
    const names = operations.flatMap((name) => [`sojourn:${name}:start`, `sojourn:${name}:end`])
    const store = { ...memoryStore(), engine: 'observed' }
    const visitor = testVisitor(createSessions({ secret, store, cookie: { name: 'observed' } }))
    const everything = await toldWhile(names, () => visitor.session((one) => one.set('a', 1)))
    // Also published: what an earlier scenario left in the background, and the store's settings.
    const told = everything.filter(
      ([, { engine = 'observed', cookieName = 'observed', verb }]) =>
        engine === 'observed' && cookieName === 'observed' && verb !== 'check',
    )
    assert.deepEqual(
      told.map(([name]) => name),
      [
        'sojourn:open:start',
        'sojourn:open:end',
        'sojourn:commit:start',
        'sojourn:store:start',
        'sojourn:store:end',
        'sojourn:commit:end',
      ],
    )
    for (const [name, { duration }] of told) {
      if (name.endsWith(':end')) assert.equal(typeof duration, 'number')
    }
  },

  async 'an event is published, and told to the listener'() {
    const heard = []
    const sessions = createSessions({ secret, onEvent: ({ type }) => heard.push(type) })
    const told = await toldWhile(['sojourn:event'], () =>
      sessions.open('session=forged; __Host-Http-session=forged'),
    )
    assert.deepEqual(
      told.map(([, { event }]) => event.type),
      ['rejected'],
    )
    assert.deepEqual(heard, ['rejected'])
  },

  async 'OpenTelemetry gets a span for each open'() {
    const spans = []
    const tracer = {
      startSpan(name) {
        spans.push(name)
        return { setAttributes() {}, setStatus() {}, end: () => spans.push('end') }
      },
    }
    const stop = instrumentSessions({ trace: { getTracer: () => tracer } })
    await createSessions({ secret }).open('session=forged; __Host-Http-session=forged')
    stop()
    assert.deepEqual(spans, ['session.open', 'end'])
  },

  async 'sessions.current() is the session of its own request, among 200 concurrent ones'(host) {
    const sessions = createSessions({ secret })
    const deep = async () => {
      await new Promise((next) => setTimeout(next, 1))
      return (await sessions.current()).get('n')
    }
    const handler = withSessions(sessions, async (request) => {
      const opened = await sessions.get(request)
      opened.set('n', new URL(request.url).searchParams.get('n'))
      return new Response(await deep())
    })
    const visit = await host.serve(handler)
    const wanted = Array.from({ length: 200 }, (_, n) => String(n))
    const found = await Promise.all(wanted.map(async (n) => (await visit(`/?n=${n}`)).text()))
    assert.deepEqual(found, wanted)
    await assert.rejects(async () => sessions.current(), { code: 'ERR_SESSION_NOT_MOUNTED' })
  },
}
