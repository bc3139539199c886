import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { SECRET, startExample } from './start.ts'
import { visitor } from './visitor.ts'

const folder = fileURLToPath(new URL('../../examples', import.meta.url))

const run = promisify(execFile)

/** One request to the Flask half, as a browser with this cookie makes it. */
async function askFlask(method: 'GET' | 'POST', path: string, cookie: string | undefined) {
  const script = `
import json, sys
from with_flask import app
method, path, cookie = json.load(sys.stdin)
client = app.test_client(use_cookies=False)
headers = {"Cookie": f"session={cookie}"} if cookie else {}
form = {"username": "<Ada>"} if method == "POST" else None
answer = client.open(path, method=method, headers=headers, data=form)
print(json.dumps({"text": answer.text, "cookie": answer.headers.get("Set-Cookie", "")}))`
  // Asynchronous: a client that cannot run meanwhile does not see that the server closes an idle
  // connection, and would use it.
  const running = run('python3', ['-B', '-c', script], {
    cwd: folder,
    env: { ...process.env, SECRET_KEY: SECRET, PYTHONPATH: folder },
  })
  running.child.stdin?.end(JSON.stringify([method, path, cookie ?? null]))
  const answer = JSON.parse((await running).stdout) as { text: string; cookie: string }
  return { text: answer.text, cookie: /^session=([^;]*)/.exec(answer.cookie)?.[1] }
}

test('examples/with-flask.ts knows who signed in on Flask, and Flask reads what Express wrote', async () => {
  const guest = visitor(await startExample('with-flask'))
  expect((await guest.get('/express')).text).toBe('Hello stranger, visit 1.')

  const signedIn = await askFlask('POST', '/flask/login', guest.cookies.get('session'))
  guest.cookies.set('session', String(signedIn.cookie))
  expect((await guest.get('/express')).text).toBe('Hello <Ada>, visit 2.')
  expect((await guest.post('/express/flash')).location).toBe('/flask')

  const onFlask = await askFlask('GET', '/flask', guest.cookies.get('session'))
  expect(onFlask.text).toBe('Hello <Ada>, visit 3. Greetings from Express.')
  guest.cookies.set('session', String(onFlask.cookie))
  expect((await guest.get('/express')).text).toBe('Hello <Ada>, visit 4.')
})
