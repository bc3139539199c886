/** The example `beside-flask` without a browser: one visitor of a Flask app and an Express app. */

import { expect, onTestFinished, test } from 'vitest'
import { visitor } from '../examples/visitor.ts'
import { startBesideFlask } from './beside-flask.ts'

test('examples/beside-flask shares login, cart and flashes between Flask and Express', async () => {
  const { origin, stop } = await startBesideFlask()
  onTestFinished(stop)
  const ada = visitor(origin)
  await ada.post('/shop/add', { product: 'tea' })
  expect((await ada.get('/account')).text).toMatch(/The shop added tea.*Nobody is.*<li>tea 1/s)
  const password = { name: 'ada', password: 'engine-1843' }
  const signIn = (fields: Record<string, string>) =>
    ada.send('/account/login', {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: { origin },
    })
  expect((await signIn({ ...password, name: 'eve' })).status).toBe(401)
  expect((await signIn(password)).location).toBe('/shop')
  expect((await ada.get('/shop')).text).toMatch(
    /signed in at the account.*signed in, fresh.*tea 1/s,
  )
  await ada.post('/shop/logout')
  expect((await ada.get('/account')).text).toMatch(/Nobody is signed in.*tea 1/s)
  expect((await ada.get('/account/password')).location).toMatch(/^\/account\/login/)
})
