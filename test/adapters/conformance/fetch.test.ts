import { createAdaptorServer } from '@hono/node-server'
import { csrfGuard, loginRequired, withSessions } from 'sojourn/fetch'
import { appRequest, responseOf, startServer } from 'sojourn/testing'
import { conformanceOf } from './run.ts'

conformanceOf('Fetch', {
  exceptions: { 'throw-after-write': 'next count: 1, not 2' },
  throwRedirect(location) {
    throw new Response(null, { status: 303, headers: { location } })
  },
  offers: ['current', 'csrfGuard', 'loginRequired'],
  start({ sessions, mount, handle }) {
    const page = async (request: Request) => responseOf(await handle(request, appRequest(request)))
    const account = loginRequired(sessions, { redirect: '/login' }, page)
    const guarded = csrfGuard(sessions, page)
    const router = (request: Request) => {
      const { path } = appRequest(request)
      if (path === '/account') return account(request)
      return path.startsWith('/guarded') ? guarded(request) : page(request)
    }
    const fetch = mount.reduceRight((inner, one) => withSessions(one, inner), router)
    return startServer(createAdaptorServer({ fetch }))
  },
})
