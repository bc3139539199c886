/** The example `beside-flask`: its Flask app, its Express app and its proxy, as programs of their own. */

import { fileURLToPath } from 'node:url'
import { SECRET, startExample } from '../examples/start.ts'
import { startFlask } from './python-flask.ts'

const EXAMPLE = fileURLToPath(new URL('../../examples/beside-flask', import.meta.url))

/** Starts all three, and returns the origin that a browser opens. Node's programs end with the test file. */
export async function startBesideFlask(
  env: { REDIS_URL?: string } = {},
): Promise<{ origin: string; stop(): void }> {
  // The tests' own server is in the environment, too.
  const settings = { REDIS_URL: '', ...env }
  const [python, express] = await Promise.all([
    startFlask(SECRET, 'serve_example.py', { EXAMPLE, ...settings }),
    startExample('beside-flask/server', settings),
  ])
  const urls = { FLASK_URL: python.url, EXPRESS_URL: express }
  return { origin: await startExample('beside-flask/proxy', urls), stop: python.stop }
}
