/** Loaded before an example: 'sojourn' means the source, and port 3000 means a free one, told to the parent. */

import { registerHooks } from 'node:module'
import { type AddressInfo, Server } from 'node:net'

const SOURCES: Readonly<Record<string, string>> = {
  sojourn: '../../src/index.ts',
  'sojourn/express': '../../src/adapters/express.ts',
  'sojourn/fastify': '../../src/adapters/fastify.ts',
  'sojourn/koa': '../../src/adapters/koa.ts',
  'sojourn/hono': '../../src/adapters/hono.ts',
  'sojourn/h3': '../../src/adapters/h3.ts',
  'sojourn/next': '../../src/adapters/next.ts',
  'sojourn/react-router': '../../src/adapters/react-router.ts',
  'sojourn/sveltekit': '../../src/adapters/sveltekit.ts',
  'sojourn/node': '../../src/adapters/node/node.ts',
  'sojourn/fetch': '../../src/adapters/fetch.ts',
  'sojourn/flask': '../../src/flask/flask.ts',
  'sojourn/express-session': '../../src/adapters/express-session/express-session.ts',
  'sojourn/formerly': '../../src/formerly/formerly.ts',
  'sojourn/flask-session': '../../src/flask/session/flask-session.ts',
  'sojourn/otel': '../../src/otel/otel.ts',
  'sojourn/devtools': '../../src/devtools/devtools.ts',
  'sojourn/stores/memory': '../../src/stores/memory/memory.ts',
  'sojourn/stores/sqlite': '../../src/stores/sqlite/sqlite.ts',
  'sojourn/testing': '../../src/testing/testing.ts',
}

registerHooks({
  resolve(specifier, context, nextResolve) {
    const source = SOURCES[specifier]
    return nextResolve(source ? new URL(source, import.meta.url).href : specifier, context)
  },
})

// The examples say `listen(3000)`, as a beginner's program does; tests run side by side.
const { listen } = Server.prototype
Server.prototype.listen = function (this: Server, _port: unknown, ...rest: unknown[]): Server {
  this.once('listening', () => process.send?.((this.address() as AddressInfo).port))
  return Reflect.apply(listen, this, [0, ...rest.filter((arg) => typeof arg === 'function')])
}
