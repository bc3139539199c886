/** Launcher for workerd: `GET /run` runs the scenarios; every request of theirs is one of its own. */

import { handleAsNodeRequest } from 'cloudflare:node'
import { createServer } from 'node:http'
import { runAll } from './run.mjs'

/** The apps that are served, by the host in the URL. */
const apps = new Map()
let served = 0

/** Where apps are served in a Worker: the Worker sends its own service the requests. */
function workerHost(self) {
  const visitor = (app) => {
    const name = `app-${(served += 1)}`
    apps.set(name, app)
    return (path = '/', init = {}) => self.fetch(`http://${name}${path}`, init)
  }
  return {
    isBundled: true,
    serve: async (handler) => visitor(handler),
    async listen(listener) {
      const port = 10_000 + served
      createServer(listener).listen(port)
      return visitor((request) => handleAsNodeRequest(port, request))
    },
  }
}

export default {
  async fetch(request, env) {
    const app = apps.get(new URL(request.url).hostname)
    if (!app) return Response.json(await runAll(workerHost(env.SELF)))
    try {
      return await app(request)
    } catch {
      return new Response('failed', { status: 500 })
    }
  },
}
