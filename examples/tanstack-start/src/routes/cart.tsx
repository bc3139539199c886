import { createFileRoute, Link } from '@tanstack/react-router'
import { createServerFn } from '@tanstack/react-start'
import { Flashes } from '../flashes.tsx'
import { seeOther } from '../see-other.ts'
import { sessions } from '../sessions.ts'

const loadCart = createServerFn().handler(async () => {
  const session = await sessions.current()
  return {
    items: session.get('cart', []),
    flashes: session.flashes().map(({ message }) => String(message)),
    token: session.csrfToken(),
  }
})

export const Route = createFileRoute('/cart')({
  loader: () => loadCart(),
  component: Cart,
  server: {
    handlers: {
      POST: async ({ request }) => {
        const item = String((await request.formData()).get('item'))
        const session = await sessions.current()
        session.update('cart', (items = []) => [...items, item])
        session.flash(`Added ${item}`)
        return seeOther('/cart')
      },
    },
  },
})

function Cart() {
  const { items, flashes, token } = Route.useLoaderData()
  return (
    <>
      <Flashes messages={flashes} />
      <ul id="cart">
        {items.map((item, at) => (
          <li key={at}>{item}</li>
        ))}
      </ul>
      <form method="post" action="/cart">
        <input type="hidden" name="_csrf" value={token} />
        <input name="item" required />
        <button>Add</button>
      </form>
      <Link to="/">Home</Link>
    </>
  )
}
