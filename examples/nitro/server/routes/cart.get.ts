import { defineHandler, html, raw } from 'nitro/h3'
import { escape, flashes, form } from '../html.ts'
import { sessions } from '../sessions.ts'

export default defineHandler(async (event) => {
  const session = await sessions.get(event)
  const items = session.get('cart', []).map((item) => `<li>${escape(item)}</li>`)
  const fields = '<label>Item <input name="item"></label> <button>Add</button>'
  return html`
    ${flashes(session)}
    <ul id="cart">
      ${raw(items.join(''))}
    </ul>
    ${form('/cart', session, fields)}
    <a href="/">Home</a>
  `
})
