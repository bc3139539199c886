import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startRedis, type Redis } from '../servers/redis.ts'
import { startExample } from './start.ts'
import { type Visitor, visitor } from './visitor.ts'

const LIBRARIES = [
  { library: 'cookie-session', page: 'cookie-session' },
  { library: 'iron-session', page: 'iron-session' },
  { library: 'fastify-secure-session', page: 'fastify-session' },
  { library: 'fastify-session', page: 'fastify-session' },
]

let redis: Redis

beforeAll(async () => {
  redis = await startRedis()
  process.env['REDIS_URL'] = redis.url
})
afterAll(() => redis.stop())

const file = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

/** The same visitor, at another server of the same host. */
function movedTo(origin: string, before: Visitor): Visitor {
  const after = visitor(origin)
  for (const [name, value] of before.cookies) after.cookies.set(name, value)
  return after
}

/** The first line of the program before. */
function titleOf(library: string): string {
  return file(`examples/moving/${library}/before.ts`).split('\n', 1)[0]!
}

describe.each(LIBRARIES)('the shop with $library', ({ library, page }) => {
  it('keeps its visitors signed in when it moves to Sojourn, and when it moves back', async () => {
    const before = await startExample(`moving/${library}/before`)
    const after = await startExample(`moving/${library}/after`)
    const ada = visitor(before)
    await ada.post('/login', { name: 'ada' })
    await ada.post('/cart', { item: 'tea' })
    expect((await ada.get('/')).text).toBe('Signed in: ada. Cart: tea.')

    const moved = movedTo(after, ada)
    expect((await moved.get('/')).text).toBe('Signed in: ada. Cart: tea.')
    await moved.post('/cart', { item: 'lamp' })
    expect((await moved.get('/')).text).toBe('Signed in: ada. Cart: tea, lamp.')

    const back = movedTo(before, moved)
    expect((await back.get('/')).text).toBe('Signed in: ada. Cart: tea, lamp.')
    await back.post('/cart', { item: 'bread' })

    const again = movedTo(after, back)
    expect((await again.get('/')).text).toBe('Signed in: ada. Cart: tea, lamp, bread.')
    await again.post('/logout')
    expect([...again.cookies]).toEqual([])
    expect((await movedTo(before, again).get('/')).text).toBe('Signed in: nobody. Cart: .')
  })

  it('lets both sides sign in and out for each other', async () => {
    const before = await startExample(`moving/${library}/before`)
    const after = await startExample(`moving/${library}/after`)
    const ada = visitor(after)
    await ada.post('/cart', { item: 'tea' })
    await ada.post('/login', { name: 'ada' })
    const back = movedTo(before, ada)
    expect((await back.get('/')).text).toBe('Signed in: ada. Cart: tea.')
    await back.post('/logout')
    expect((await movedTo(after, back).get('/')).text).toBe('Signed in: nobody. Cart: .')
  })

  it('is shown on its page as the difference between the two programs', () => {
    const text = file(`docs/moving/${page}.md`)
    const diffs = [...text.matchAll(/^```diff\n([^]*?)^```$/gm)].map(([, diff]) => diff!)
    const diff = diffs
      .find((one) => one.includes(titleOf(library)))!
      .trimEnd()
      .split('\n')
    const side = (mark: string) =>
      diff.filter((line) => line[0] !== mark).map((line) => line.slice(1))
    const program = (name: string) =>
      file(`examples/moving/${library}/${name}.ts`).trimEnd().split('\n')
    expect(side('+')).toEqual(program('before'))
    expect(side('-')).toEqual(program('after'))
  })
})
