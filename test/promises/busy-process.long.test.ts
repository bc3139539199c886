/** Promise: no request fails because this process was busy, under a load that lasts some seconds. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pace } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { sharedPlace } from '../chaos/clients.ts'
import { report } from '../chaos/visitors.ts'

async function busySite(): Promise<string> {
  const { url, name } = sharedPlace('node-redis')
  const program = fileURLToPath(new URL('busy-site.ts', import.meta.url))
  const child = spawn(process.execPath, [program, url, name], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production' },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [line] = await once(child.stdout, 'data')
  return String(line).trim()
}

/** A visitor who asks for one page after another until told to stop. */
async function visit(page: string, load: { isOver: boolean }): Promise<number[]> {
  const seen: number[] = []
  let cookie = ''
  while (!load.isOver) {
    const answer = await fetch(page, { headers: { cookie } })
    cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? cookie
    await answer.text()
    seen.push(answer.status)
  }
  return seen
}

const VISITORS = 16

test('a synchronous route of 300 ms each second fails no more requests than with express-session', async () => {
  const site = await busySite()
  const load = { isOver: false }
  const visitors = ['ours', 'theirs'].map((page) =>
    Promise.all(Array.from({ length: VISITORS }, () => visit(`${site}/${page}`, load))),
  )
  for (let second = 0; second < 10; second += 1) {
    await pace(700)
    await (await fetch(`${site}/busy`)).text()
  }
  load.isOver = true
  const [ours = [], theirs = []] = (await Promise.all(visitors)).map((each) => each.flat())
  const failed = (seen: readonly number[]) => seen.filter((status) => status !== 200).length
  report(`ours ${failed(ours)} of ${ours.length}, theirs ${failed(theirs)} of ${theirs.length}`)
  expect({ ours: failed(ours), theirs: failed(theirs) }).toEqual({ ours: 0, theirs: 0 })
})
