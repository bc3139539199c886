import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { SECRET } from '../start.ts'
import { drive } from './drive.ts'
import { startPacked } from './packed.ts'

const INVOKE = `
  import { readFileSync } from 'node:fs'
  import { handler } from './dist/index.mjs'
  const event = JSON.parse(readFileSync('events/cart.json', 'utf8'))
  const posted = await handler(event)
  const { http } = event.requestContext
  const page = { ...event.requestContext, http: { ...http, method: 'GET' } }
  const cookies = posted.cookies.map((line) => line.split(';')[0])
  const { body, ...request } = { ...event, cookies, requestContext: page }
  console.log(JSON.stringify([posted, await handler(request)]))
`

test('examples/aws-lambda serves the pages of every framework, and handles an event of AWS', async () => {
  const example = await startPacked('aws-lambda')
  try {
    await drive(example.origin)
    const { stdout } = await promisify(execFile)('node', ['--input-type=module', '-e', INVOKE], {
      cwd: example.folder,
      env: { ...process.env, NODE_ENV: 'production', SESSION_SECRET: SECRET },
    })
    const [posted, page] = JSON.parse(stdout)
    expect(posted).toMatchObject({ statusCode: 303, headers: { location: '/cart' } })
    expect(posted.headers).not.toHaveProperty('set-cookie')
    expect(posted.cookies).toEqual([expect.stringMatching(/^__Host-Http-session=.*; Secure;/)])
    const html = Buffer.from(page.body, 'base64').toString()
    expect(html).toContain('<li>tea</li>')
    expect(html).toContain('<p class="flash">Added tea</p>')
  } finally {
    await example.stop()
  }
})
