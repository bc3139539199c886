import { createServer, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { startChromium } from '../../demo/chromium.ts'
import { startExample } from '../start.ts'
import { driveBrowser } from './drive-browser.ts'

let browser: Browser

beforeAll(async () => {
  browser = await startChromium()
})

afterAll(() => browser?.close())

test.each(['express', 'fastify', 'fetch', 'koa'])(
  'examples/%s.ts works in a real browser',
  async (name) => {
    await driveBrowser(browser, await startExample(name))
  },
)

test('a browser that prefetches every link it hovers over changes nothing', async () => {
  const { origin, prefetched } = await prefetching(await startExample('express'))
  await driveBrowser(browser, origin)
  expect(prefetched).toEqual(expect.arrayContaining(['/cart', '/account']))
})

/** Puts speculation rules into every page of a site, and records which paths the browser prefetches. */
async function prefetching(site: string): Promise<{ origin: string; prefetched: string[] }> {
  const prefetched: string[] = []
  const rules = { prefetch: [{ where: { href_matches: '/*' }, eagerness: 'moderate' }] }
  const script = `<script type="speculationrules">${JSON.stringify(rules)}</script>`
  const server = createServer((req, res) => {
    const { method, url = '', headers } = req
    if (String(headers['sec-purpose']).startsWith('prefetch')) prefetched.push(url)
    const outgoing = send(new URL(url, site), { method, headers }, async (response) => {
      const { 'content-length': _, etag: __, ...others } = response.headers
      const isPage = response.headers['content-type']?.startsWith('text/html')
      const body = await text(response)
      res.writeHead(response.statusCode!, others).end(isPage ? body + script : body)
    })
    req.pipe(outgoing)
  }).listen(0)
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { origin: `http://localhost:${(server.address() as AddressInfo).port}`, prefetched }
}
