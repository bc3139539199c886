/** The suite on real builds of SvelteKit, with the packed library: the sessions are of the source. */

import { cpSync, rmSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as source from 'sojourn/sveltekit'
import { appRequest, type ConformanceApp, responseOf, startServer } from 'sojourn/testing'
import type { CookieJar } from '../../../src/http/cookie-jar.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildInstalled, installExample } from '../../examples/frameworks/packed.ts'
import { SVELTEKIT } from '../../examples/frameworks/sveltekit-versions.ts'
import { root } from '../../package/repository.ts'
import { conformanceOf } from './run.ts'

interface Event {
  readonly url: URL
  readonly request: Request
  readonly locals: object
  readonly isSubRequest: boolean
  readonly isDataRequest: boolean
  readonly cookies: CookieJar
}

type Handle = (input: {
  event: Event
  resolve: (event: Event) => Response | Promise<Response>
}) => Promise<Response>

type HandleError = (input: { event: Event; error: unknown }) => unknown

/** What `src/hooks.server.ts` of the fixture has imported. */
interface Kit extends Pick<
  typeof source,
  'csrfGuard' | 'handleSessionErrors' | 'handleSessions' | 'loginRequired'
> {
  redirect(status: number, location: string): never
  sequence(...hooks: Handle[]): Handle
}

/** What the fixture calls for a request of an app. */
interface KitApp {
  readonly handle: Handle
  readonly handleError: HandleError
  page(event: Event): Promise<Response>
}

const apps = new Map<string, KitApp>()

/** Shared with the fixture, which runs in this process. */
const shared: { kit?: Kit; appOf(event: Event): KitApp } = {
  appOf: ({ url }) => apps.get(url.host)!,
}
Object.assign(globalThis, { sveltekit: shared })

/** What adapter-node reads when it is loaded. By default it takes at most 512 KB, and HTTPS for granted. */
Object.assign(process.env, { BODY_SIZE_LIMIT: '2M', PROTOCOL_HEADER: 'x-forwarded-proto' })

/** By major. */
const EXCEPTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  2: {
    // Its `handleError` has no say in the status of an error it does not know.
    'signed-in-401': 'status: 500, not 401',
    'csrf-cross-site': 'status: 500, not 403',
    'csrf-token': 'status without: 500, not 403',
    'store-away': 'status: 500, not 503',
    'error-page-401': 'status: 500, not 418',
    // It drops a body without Content-Type.
    current: 'text of a POST: ,true, not abc,true',
  },
}

describe.each(Object.entries(SVELTEKIT))('a build of SvelteKit %s', (major, versions) => {
  let folder = ''
  let handler: RequestListener
  let kit: Kit

  beforeAll(async () => {
    folder = await installExample('sveltekit', { versions })
    for (const name of ['src', 'tsconfig.json']) rmSync(join(folder, name), { recursive: true })
    cpSync(join(root, 'test/fixtures/sveltekit'), folder, { recursive: true })
    await buildInstalled(folder)
    const built = pathToFileURL(join(folder, 'build', 'handler.js')).href
    handler = (await import(/* @vite-ignore */ built)).handler
    kit = shared.kit!
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('runs the packed library, with sessions of another copy', () => {
    expect(kit.handleSessions).not.toBe(source.handleSessions)
  })

  conformanceOf(`SvelteKit ${versions['@sveltejs/kit']}`, {
    offers: ['current', 'csrfGuard', 'loginRequired', 'routes', 'errorPage'],
    throwRedirect: (location) => kit.redirect(303, location),
    exceptions: EXCEPTIONS[major] ?? {},
    async start(app) {
      const server = createServer((req, res) => {
        req.headers['x-forwarded-proto'] = 'http'
        // As a browser asks for a page: for anything else SvelteKit sends its error as JSON.
        req.headers['accept'] = 'text/html'
        handler(req, res)
      })
      const started = await startServer(server)
      apps.set(new URL(started.origin).host, kitApp(kit, app))
      return started
    },
  })
})

function kitApp(kit: Kit, { sessions, mount, before, handle, errorPage }: ConformanceApp): KitApp {
  const guards: Readonly<Record<string, Handle>> = {
    account: kit.loginRequired(sessions, { redirect: '/login' }),
    guarded: kit.csrfGuard(sessions),
  }
  return {
    handle: kit.sequence(
      ...mount.map((one) => kit.handleSessions(one)),
      async ({ event, resolve }) => {
        await before(event.locals)
        const guard = guards[event.url.pathname.split('/')[1]!]
        return guard ? guard({ event, resolve }) : resolve(event)
      },
    ),
    handleError: errorPage
      ? async ({ error, event }) => {
          const { status, body } = await errorPage(error, event.locals)
          return { status, message: body }
        }
      : kit.handleSessionErrors(() => undefined),
    page: async ({ locals, request }) => responseOf(await handle(locals, appRequest(request))),
  }
}
