/** The inspector's routes: the page, the current state, the stream of the timeline, and its actions. */

import { randomBytes, timingSafeEqual } from 'node:crypto'
import { cookiesIn } from '../inspect/pasted.ts'
import type { GivenSecret } from '../inspect/verify.ts'
import type { Sessions } from '../session/sessions.ts'
import { inspectorPage } from './page.ts'
import { explain } from './explain.ts'
import { camera, isStored } from './snapshot.ts'
import { LONGEST_BODY } from './node-request.ts'
import { timelineOf } from './timeline.ts'

/** Makes the function that responds to a request below `path`. */
export function inspectorSite(
  sessions: Sessions,
  { path, secrets }: { path: string; secrets: readonly GivenSecret[] },
): (request: Request) => Promise<Response> {
  const policy = sessions.describePolicy()
  const { cookie } = policy
  const { look, verdictOn, isLooking } = camera(sessions, secrets)
  const timeline = timelineOf(cookie.name, isLooking)
  // The page proves with it that a request is its own: other sites cannot read the page.
  const token = randomBytes(18).toString('base64url')

  function isOwn(given: unknown): boolean {
    const bytes = Buffer.from(typeof given === 'string' ? given : '')
    const expected = Buffer.from(token)
    return bytes.length === expected.length && timingSafeEqual(bytes, expected)
  }

  async function act(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url)
    const given = formOf(await request.text())
    if (!given) return json({ error: TOO_LONG }, 413)
    if (!isOwn(given.token)) return json({ error: 'Reload the page of the inspector.' }, 403)
    if (pathname === `${path}/explain`) {
      return json(await explained(typeof given.text === 'string' ? given.text : ''))
    }
    if (pathname === `${path}/revoke` && isStored(sessions)) {
      const { userId, handle } = given
      if (typeof userId !== 'string' || typeof handle !== 'string') return json({}, 400)
      return sessions.revoke(userId, handle).then(
        (existed) => json({ existed }),
        (error: unknown) => json({ error: String((error as Error).message) }, 503),
      )
    }
    return json({ error: 'There is no such page.' }, 404)
  }

  /** A bare value is taken for the session cookie. */
  function explained(text: string): Promise<object[]> {
    const now = Date.now()
    const found = cookiesIn(text)
      .slice(0, MOST_COOKIES)
      .map((one) => ({ ...one, name: one.name ?? cookie.name }))
    return Promise.all(
      found.map(async (one) => ({
        ...explain(one, { secrets, now, policy }),
        verdict: await verdictOn(`${one.name}=${one.value}`),
      })),
    )
  }

  return async (request) => {
    const { pathname } = new URL(request.url)
    if (request.method === 'POST') return act(request)
    if (request.method !== 'GET') return json({ error: 'GET or POST.' }, 405)
    switch (pathname) {
      case path:
      case `${path}/`:
        return page(inspectorPage({ token, nonce: randomBytes(18).toString('base64url') }))
      case `${path}/state`:
        return json({
          ...(await look(request.headers.get('cookie'))),
          // Of a server that was started again, for a page that was not loaded again.
          token,
          timeline: timeline.entries(),
        })
      case `${path}/timeline`:
        return stream((send) => timeline.follow(send))
      default:
        return json({ error: 'There is no such page.' }, 404)
    }
  }
}

/** The fields of an action; `undefined` if it is too long. */
function formOf(text: string): Record<string, unknown> | undefined {
  if (text.length > LONGEST_BODY) return undefined
  try {
    // A copy: JSON may be null.
    return { ...(JSON.parse(text) as Record<string, unknown>) }
  } catch {
    return {}
  }
}

/** A store is asked for each cookie that is explained. */
const MOST_COOKIES = 20

const TOO_LONG =
  'That is longer than 64 kB. Paste one cookie or one header: browsers store at most 4096 bytes of a cookie.'

function json(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { ...SAFE, 'content-type': 'application/json' },
  })
}

function page({ html, policy }: { html: string; policy: string }): Response {
  return new Response(html, {
    headers: {
      ...SAFE,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
    },
  })
}

const SAFE = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
}

/** Server-sent events (HTML Standard section 9.2), with a comment now and then against timeouts. */
function stream(follow: (send: (entry: object) => void) => () => void): Response {
  const encoder = new TextEncoder()
  let end = () => {}
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const write = (text: string) => controller.enqueue(encoder.encode(text))
      write('retry: 1000\n\n')
      const stop = follow((entry) => write(`data: ${JSON.stringify(entry)}\n\n`))
      const beat = setInterval(() => write(':\n\n'), 15_000)
      beat.unref?.()
      end = () => {
        stop()
        clearInterval(beat)
      }
    },
    cancel: () => end(),
  })
  return new Response(body, { headers: { ...SAFE, 'content-type': 'text/event-stream' } })
}
