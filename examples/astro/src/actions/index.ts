import { defineAction } from 'astro:actions'
import { z } from 'astro/zod'
import { sessions } from '../sessions.ts'

export const server = {
  addToCart: defineAction({
    accept: 'form',
    input: z.object({ item: z.string() }),
    async handler({ item }, { request }) {
      const session = await sessions.get(request)
      session.update('cart', (items = []) => [...items, item])
      session.flash(`Added ${item}`)
    },
  }),
}
