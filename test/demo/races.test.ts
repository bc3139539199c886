import { expect, test } from 'vitest'
import type { Visitor } from '../examples/visitor.ts'
import { read, startDemo } from './start.ts'

/** Starts a race as the page's script does; returns what the script was told. */
async function follow(visitor: Visitor): Promise<{ sentence: string; lanes: string }[]> {
  const headers = { accept: 'text/event-stream' }
  const { text } = await visitor.send('/races', { method: 'POST', headers })
  return text.split('\n\n').flatMap((event) => {
    return event === '' ? [] : [JSON.parse(event.replace('data: ', ''))]
  })
}

test('without a script the form runs the race, and the page after it shows what each library has saved', async () => {
  const { guest } = await startDemo()
  const visitor = guest()
  expect(read((await visitor.get('/races')).text)).toContain('No race was run yet.')
  const answer = await visitor.post('/races', { 'last-write-wins': 'on' })
  expect([answer.status, answer.location]).toEqual([303, '/races#results'])

  const [, sojourn, other] = read((await visitor.get('/races')).text).split(
    /memoryStore|, MemoryStore/,
  )
  expect(sojourn).toMatch(/1 000 of 1 000 1 000 requests answered 50 keys 50 of 50 50 requests/)
  expect(sojourn).toMatch(/stays signed out slow request held in the handler, its response: 409/)
  expect(sojourn).toMatch(/stays signed out slow request held inside the commit, its response: 409/)
  // Twenty times fifty requests have read before one of them wrote: of each fifty, one counts.
  expect(other).toMatch(/20 of 1 000, 980 lost 1 000 requests answered 50 keys 1 of 50, 49 lost/)
  expect(other).toMatch(/is signed in again slow request held in the handler, its response: 200/)
})

test('a browser is told while the race runs: the counter rises to a thousand, and everybody watches one race', async () => {
  const { guest } = await startDemo()
  const race = () => follow(guest())
  const [first, second] = await Promise.all([race(), race()])
  const counts = first.map(({ lanes }) =>
    Number(/<b>(\d+)/.exec(lanes.replaceAll('\u00A0', ''))![1]),
  )
  expect(counts[0]).toBe(0)
  expect(counts.at(-1)).toBe(1000)
  expect(counts).toEqual(counts.toSorted((a, b) => a - b))
  expect(new Set(counts).size).toBeGreaterThan(2)
  expect(first.at(-1)!.sentence).toBe('The race has ended.')
  expect(first.at(-1)!.lanes).not.toContain('express-session')
  expect(second.at(-1)).toEqual(first.at(-1))
})

test('another site starts no race, and the page runs its own script only', async () => {
  const { guest, origin } = await startDemo()
  const visitor = guest()
  const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.test' }
  expect((await fetch(`${origin}/races`, { method: 'POST', headers })).status).toBe(403)
  expect(read((await visitor.get('/races')).text)).toContain('No race was run yet.')

  const policyOf = async (path: string) =>
    (await visitor.get(path)).headers.get('content-security-policy')
  expect(await policyOf('/races')).toContain("default-src 'none'")
  expect(await policyOf('/races')).toContain("; script-src 'self'; connect-src 'self'")
  expect(await policyOf('/shop')).not.toContain('script-src')
  expect((await visitor.get('/races/live.js')).headers.get('content-type')).toMatch(
    'text/javascript',
  )
})
