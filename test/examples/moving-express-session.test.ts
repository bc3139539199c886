import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { startExample } from './start.ts'
import { type Visitor, visitor } from './visitor.ts'

const file = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

/** The same visitor, at another server of the same host. */
function movedTo(origin: string, before: Visitor): Visitor {
  const after = visitor(origin)
  for (const [name, value] of before.cookies) after.cookies.set(name, value)
  return after
}

describe('the shop with express-session', () => {
  let before: string
  let after: string
  beforeAll(async () => {
    before = await startExample('moving/express-session/before')
    after = await startExample('moving/express-session/after')
  })

  it('keeps its visitors signed in when the import changes, and when it changes back', async () => {
    const ada = visitor(before)
    await ada.post('/login', { name: 'ada' })
    await ada.post('/cart', { item: 'tea' })
    expect((await ada.get('/')).text).toBe('Signed in: ada. Cart: tea.')

    const moved = movedTo(after, ada)
    expect((await moved.get('/')).text).toBe('Signed in: ada. Cart: tea.')
    await moved.post('/cart', { item: 'lamp' })

    const back = movedTo(before, moved)
    expect((await back.get('/')).text).toBe('Signed in: ada. Cart: tea, lamp.')
    await back.post('/cart', { item: 'bread' })

    const again = movedTo(after, back)
    expect((await again.get('/')).text).toBe('Signed in: ada. Cart: tea, lamp, bread.')
    await again.post('/logout')
    expect((await movedTo(before, back).get('/')).text).toBe('Signed in: nobody. Cart: .')
  })

  it('lets both sides sign in and out for each other', async () => {
    const ada = visitor(after)
    await ada.post('/cart', { item: 'tea' })
    await ada.post('/login', { name: 'ada' })
    const back = movedTo(before, ada)
    expect((await back.get('/')).text).toBe('Signed in: ada. Cart: tea.')
    await back.post('/logout')
    expect((await ada.get('/')).text).toBe('Signed in: nobody. Cart: .')
  })

  it('is shown on its page as the difference between the two programs', () => {
    const text = file('docs/moving/express-session.md')
    const diff = /^```diff\n([^]*?)^```$/m.exec(text)![1]!.trimEnd().split('\n')
    const side = (mark: string) =>
      diff.filter((line) => line[0] !== mark).map((line) => line.slice(1))
    const program = (name: string) =>
      file(`examples/moving/express-session/${name}.ts`).trimEnd().split('\n')
    expect(side('+')).toEqual(program('before'))
    expect(side('-')).toEqual(program('after'))
  })
})
