/** Where apps are served in a process of Node, Bun or Deno: Fetch handlers by the runtime's own server. */

import { createServer } from 'node:http'

/** Makes the host. `close` ends every server. */
export function processHost() {
  const closing = []
  return {
    isBundled: false,

    async serve(handler) {
      if (globalThis.Bun) {
        const server = globalThis.Bun.serve({
          port: 0,
          hostname: '127.0.0.1',
          fetch: handler,
          error,
        })
        closing.push(() => server.stop(true))
        return visitor(`http://127.0.0.1:${server.port}`)
      }
      if (globalThis.Deno) {
        const quiet = { onListen() {}, onError: error }
        const options = { port: 0, hostname: '127.0.0.1', ...quiet }
        const server = globalThis.Deno.serve(options, (request) => handler(request))
        closing.push(() => server.shutdown())
        return visitor(`http://127.0.0.1:${server.addr.port}`)
      }
      // Node has no server for Fetch handlers.
      return (path, init) => handler(new Request(`http://localhost${path}`, init))
    },

    async listen(listener) {
      const server = createServer(listener)
      await new Promise((ready) => server.listen(0, '127.0.0.1', ready))
      closing.push(() => {
        server.closeAllConnections?.()
        server.close()
      })
      return visitor(`http://127.0.0.1:${server.address().port}`)
    },

    async close() {
      await Promise.all(closing.map((end) => end()))
    },
  }
}

function visitor(origin) {
  return (path = '/', init = {}) => fetch(origin + path, init)
}

/** What the runtime sends for an error that the handler throws, without its page for developers. */
function error() {
  return new Response('failed', { status: 500 })
}
