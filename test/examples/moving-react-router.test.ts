import { beforeAll, describe, expect, it } from 'vitest'
import { differenceOn, movedTo, program } from './moving.ts'
import { startExample } from './start.ts'
import { visitor } from './visitor.ts'

describe('the shop with React Router', () => {
  let before: string
  let after: string

  beforeAll(async () => {
    const start = (name: string) => startExample(`moving/react-router/${name}`)
    ;[before, after] = await Promise.all([start('before'), start('after')])
  })

  it('keeps its visitors signed in when it moves to Sojourn, and when it moves back', async () => {
    const ada = visitor(before)
    await ada.post('/login', { name: 'ada' })
    await ada.post('/cart', { item: 'tea' })
    const moved = movedTo(after, ada)
    expect((await moved.get('/')).text).toBe('Signed in: ada. Cart: tea.')
    await moved.post('/cart', { item: 'Brötchen' })
    const back = movedTo(before, moved)
    expect((await back.get('/')).text).toBe('Signed in: ada. Cart: tea, Brötchen.')
    await back.post('/cart', { item: 'lamp' })
    const again = movedTo(after, back)
    expect((await again.get('/')).text).toBe('Signed in: ada. Cart: tea, Brötchen, lamp.')
    await again.post('/logout')
    expect([...again.cookies]).toEqual([])
    expect((await movedTo(before, again).get('/')).text).toBe('Signed in: nobody. Cart: .')
  })

  it('lets both sides sign in and out for each other, and a forged cookie in by neither', async () => {
    const bob = visitor(after)
    await bob.post('/login', { name: 'bob' })
    const back = movedTo(before, bob)
    expect((await back.get('/')).text).toBe('Signed in: bob. Cart: .')
    bob.cookies.set('__session', `A${bob.cookies.get('__session')!.slice(1)}`)
    expect((await bob.get('/')).text).toBe('Signed in: nobody. Cart: .')
    await back.post('/logout')
    expect((await movedTo(after, back).get('/')).text).toBe('Signed in: nobody. Cart: .')
  })

  it('is shown on its page as the difference between the two programs', () => {
    const { before, after } = differenceOn('docs/moving/react-router.md')
    expect(before).toEqual(program('moving/react-router/before'))
    expect(after).toEqual(program('moving/react-router/after'))
  })
})
