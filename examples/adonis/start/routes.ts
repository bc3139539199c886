/** A small shop: visits, signing in and out, a cart, flash messages. */

import router from '@adonisjs/core/services/router'
import { safeNext } from 'sojourn'
import { account, cart, home, loginForm } from '../app/pages.ts'
import { sessions } from '../app/sessions.ts'

const { signedIn } = router.named({
  signedIn: () => import('../app/middleware/signed_in_middleware.ts'),
})

router.get('/', async (ctx) => {
  const session = await sessions.get(ctx)
  session.update('visits', (n = 0) => n + 1)
  return home(session)
})

router.get('/login', async (ctx) => {
  const session = await sessions.get(ctx)
  return loginForm(session, ctx.request.input('next', ''))
})

router.post('/login', async (ctx) => {
  const session = await sessions.get(ctx)
  const { name, next } = ctx.request.only(['name', 'next'])
  session.login(name)
  session.flash(`Welcome, ${name}`)
  ctx.response.redirect().status(303).toPath(safeNext(next, '/'))
})

router.post('/logout', async (ctx) => {
  const session = await sessions.get(ctx)
  session.logout()
  session.flash('Signed out')
  ctx.response.redirect().status(303).toPath('/')
})

router.get('/cart', async (ctx) => {
  const session = await sessions.get(ctx)
  return cart(session)
})

router.post('/cart', async (ctx) => {
  const session = await sessions.get(ctx)
  const item: string = ctx.request.input('item')
  session.update('cart', (items = []) => [...items, item])
  session.flash(`Added ${item}`)
  ctx.response.redirect().status(303).toPath('/cart')
})

router
  .get('/account', async (ctx) => {
    const session = await sessions.signedIn(ctx)
    return account(session)
  })
  .use(signedIn())
