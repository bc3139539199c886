import { Form, Link, redirect } from 'react-router'
import { Flashes } from '../flashes.tsx'
import { sessions } from '../sessions.server.ts'
import type { Route } from './+types/cart.ts'

export async function loader({ context }: Route.LoaderArgs) {
  const session = await sessions.get(context)
  return {
    items: session.get('cart', []),
    flashes: session.flashes().map(({ message }) => String(message)),
    token: session.csrfToken(),
  }
}

export async function action({ context, request }: Route.ActionArgs) {
  const item = String((await request.formData()).get('item'))
  const session = await sessions.get(context)
  session.update('cart', (items = []) => [...items, item])
  session.flash(`Added ${item}`)
  return redirect('/cart', 303)
}

export default function Cart({ loaderData }: Route.ComponentProps) {
  const { items, flashes, token } = loaderData
  return (
    <>
      <Flashes messages={flashes} />
      <ul id="cart">
        {items.map((item, at) => (
          <li key={at}>{item}</li>
        ))}
      </ul>
      <Form method="post" action="/cart" key={items.length}>
        <input type="hidden" name="_csrf" value={token} />
        <input name="item" required />
        <button>Add</button>
      </Form>
      <Link to="/">Home</Link>
    </>
  )
}
