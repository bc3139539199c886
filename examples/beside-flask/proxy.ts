/** One origin for both apps: `/shop` is Flask, everything else Express. nginx or Caddy in production. */

import { createServer, request } from 'node:http'

const FLASK = new URL(process.env.FLASK_URL ?? 'http://127.0.0.1:5000')
const EXPRESS = new URL(process.env.EXPRESS_URL ?? 'http://127.0.0.1:3000')

const proxy = createServer((req, res) => {
  const { hostname, port } = /^\/shop(?:[/?]|$)/.test(req.url ?? '') ? FLASK : EXPRESS
  const headers = {
    ...req.headers,
    // Set and not added to: Flask-Login and Sojourn believe the first address that stands here.
    'x-forwarded-for': req.socket.remoteAddress ?? '',
    'x-forwarded-proto': 'http',
  }
  const { method, url } = req
  const forwarded = request({ hostname, port, method, path: url, headers }, (answer) => {
    res.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(res)
  })
  forwarded.on('error', () => (res.headersSent ? res.destroy() : res.writeHead(502).end()))
  res.on('close', () => forwarded.destroy())
  req.pipe(forwarded)
})

proxy.listen(8000)
