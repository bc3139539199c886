import { expect, test } from 'vitest'
import { PASSWORDS, read, startDemo } from './start.ts'

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

async function signedInTwice() {
  const demo = await startDemo()
  const here = await demo.member('ada')
  const there = demo.guest()
  const body = new URLSearchParams({ name: 'ada', password: PASSWORDS.ada })
  await there.send('/sign-in', { method: 'POST', body, headers: { 'user-agent': FIREFOX } })
  return { demo, here, there }
}

const handleIn = (page: string) => /name="device"\s+value="([\w-]+)"/.exec(page)?.[1] ?? ''

test('a member sees each browser that is signed in, and which one this is', async () => {
  const { here } = await signedInTwice()
  const profile = read((await here.get('/profile')).text)
  expect(profile).toContain('Where you are signed in')
  expect(profile).toContain('Firefox, Linux')
  expect(profile.match(/this one/g)).toHaveLength(1)
})

test('a browser that is signed out from another one is signed out at once', async () => {
  const { here, there } = await signedInTwice()
  const device = handleIn((await here.get('/profile')).text)
  await here.post('/devices/end', { device })
  expect(read((await here.get('/profile')).text)).toContain('That browser is signed out.')
  expect((await there.get('/profile')).status).toBe(303)
  await here.post('/devices/end', { device })
  expect(read((await here.get('/profile')).text)).toContain('was signed out already')
})

test('signing out everywhere else leaves this browser signed in', async () => {
  const { here, there } = await signedInTwice()
  await here.post('/devices/end-others')
  expect((await there.get('/profile')).status).toBe(303)
  expect(read((await here.get('/profile')).text)).toContain('Signed out elsewhere: 1.')
})

test('nobody ends the session of another member, though they know its name', async () => {
  const { demo, here, there } = await signedInTwice()
  const device = handleIn((await here.get('/profile')).text)
  const grace = await demo.member('grace')
  await grace.post('/devices/end', { device })
  await demo.guest().post('/devices/end', { device })
  expect((await there.get('/profile')).status).toBe(200)
})

test('with sessions in a cookie there is no list, since nobody could end what is in it', async () => {
  const demo = await startDemo('cookie')
  const ada = await demo.member('ada')
  expect((await ada.get('/profile')).text).not.toContain('Where you are signed in')
  expect((await ada.post('/devices/end', { device: 'x' })).status).toBe(404)
})
