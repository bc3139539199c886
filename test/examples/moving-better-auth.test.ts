import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { differenceOn, movedTo, program } from './moving.ts'
import { SECRET, startExample } from './start.ts'
import { type Visitor, visitor } from './visitor.ts'

const TOKEN = 'better-auth.session_token'
const NOBODY = 'Signed in: nobody. Cart: .'

describe('the shop with better-auth', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-moving-'))
  const env = { AUTH_DB: join(folder, 'auth.sqlite'), BETTER_AUTH_SECRET: SECRET }
  const start = (name: string, more = {}) =>
    startExample(`moving/better-auth/${name}`, { ...env, ...more })
  let before: string
  let after: string

  beforeAll(async () => {
    Object.assign(process.env, env)
    await import('../../examples/moving/better-auth/migrate.ts')
    ;[before, after] = await Promise.all([start('before'), start('after')])
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('keeps who signed in before the move signed in, with the cart, and after moving back', async () => {
    const ada = await signedUp(before, 'ada')
    await ada.post('/cart', { item: 'tea' })
    const moved = movedTo(after, ada)
    expect((await moved.get('/')).text).toBe('Signed in: ada. Cart: tea.')
    await moved.post('/cart', { item: 'lamp' })
    expect((await moved.get('/')).text).toBe('Signed in: ada. Cart: tea, lamp.')
    // Signed in there as well, with the cart of the day of the move.
    expect((await movedTo(before, moved).get('/')).text).toBe('Signed in: ada. Cart: tea.')
  })

  it('needs better-auth for a sign-in, not for the visits that follow', async () => {
    const bob = await signedUp(after, 'bob')
    expect((await movedTo(before, bob).get('/')).text).toBe('Signed in: bob. Cart: .')
    bob.cookies.delete(TOKEN)
    expect((await bob.get('/')).text).toBe('Signed in: bob. Cart: .')
  })

  it('signs out on both sides by better-auth, and in again', async () => {
    const cleo = await signedUp(after, 'cleo')
    const copy = movedTo(before, cleo)
    await cleo.send('/api/auth/sign-out', json({}))
    expect(cleo.cookies.size).toBe(0)
    expect((await cleo.get('/')).text).toBe(NOBODY)
    expect((await copy.get('/')).text).toBe(NOBODY)
    await cleo.send('/api/auth/sign-in/email', json({ email: 'cleo@example.com', password }))
    expect((await cleo.get('/')).text).toBe('Signed in: cleo. Cart: .')
  })

  it('lets in nobody by a forged cookie, and nobody by an old one from the last day on', async () => {
    const eve = await signedUp(before, 'eve')
    const forged = movedTo(after, eve)
    const token = eve.cookies.get(TOKEN)!
    forged.cookies.set(TOKEN, `${token.startsWith('A') ? 'B' : 'A'}${token.slice(1)}`)
    expect((await forged.get('/')).text).toBe(NOBODY)
    const late = await start('after', { MOVED_UNTIL: '2026-01-01' })
    expect((await movedTo(late, eve).get('/')).text).toBe(NOBODY)
    expect((await movedTo(after, eve).get('/')).text).toBe('Signed in: eve. Cart: .')
  })

  it('is shown on its page as the difference between the two programs', () => {
    const shown = differenceOn('docs/moving/better-auth.md')
    expect(shown.before).toEqual(program('moving/better-auth/before'))
    expect(shown.after).toEqual(program('moving/better-auth/after'))
  })
})

const password = 'lantern-hill-4711'

async function signedUp(origin: string, name: string): Promise<Visitor> {
  const guest = visitor(origin)
  const body = { email: `${name}@example.com`, name, password }
  const { status } = await guest.send('/api/auth/sign-up/email', json(body))
  expect(status).toBe(200)
  return guest
}

function json(body: object): RequestInit {
  const headers = { 'content-type': 'application/json', origin: 'http://localhost:3000' }
  return { method: 'POST', headers, body: JSON.stringify(body) }
}
