import { defineHandler, readBody, redirect } from 'nitro/h3'
import { sessions } from '../sessions.ts'

export default defineHandler(async (event) => {
  const session = await sessions.get(event)
  const { item = '' } = (await readBody<{ item?: string }>(event)) ?? {}
  session.update('cart', (items = []) => [...items, item])
  session.flash(`Added ${item}`)
  return redirect('/cart', 303)
})
