import Link from 'next/link'
import { get } from '../../lib/sessions'
import { addToCart } from '../actions'
import { CsrfField, Flashes } from '../parts'

export default async function Cart() {
  const session = await get()
  const items = session.get('cart', [])
  return (
    <main>
      <Flashes />
      <ul id="cart">
        {items.map((item, index) => (
          <li key={index}>{item}</li>
        ))}
      </ul>
      <form action={addToCart}>
        <CsrfField />
        <label>
          Item <input name="item" />
        </label>
        <button>Add</button>
      </form>
      <Link href="/">Home</Link>
    </main>
  )
}
