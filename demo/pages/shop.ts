/** The shop and the cart. The cart is in the session: nobody needs an account to fill it. */

import express, { type Router } from 'express'
import { field } from '../form.ts'
import { html, type Html } from '../html.ts'
import { page } from '../page.ts'
import {
  allProducts,
  type CartLine,
  countOf,
  linesOf,
  type Product,
  productNamed,
  totalOf,
  withOneLess,
  withOneMore,
} from '../shop.ts'
import { type Site, type Visit, visitOf } from '../site.ts'
import { safeNext } from '../sojourn.ts'
import { money } from '../words.ts'

export function shopPages(site: Site): Router {
  const routes = express.Router()

  routes.get('/shop', async (req, res) => {
    const visit = await visitOf(site, req)
    const { say } = visit
    const body = html` <h1>${say('shop')}</h1>
      <ul class="cards products">
        ${allProducts().map((product) => productCard(visit, product))}
      </ul>`
    await page(res, visit, { title: say('shop'), body })
  })

  routes.get('/cart', async (req, res) => {
    const visit = await visitOf(site, req)
    const { session, say } = visit
    const lines = linesOf(session.get('cart', {}))
    const body = html` <h1>${say('cart')}</h1>
      ${
        lines.length > 0
          ? cartTable(visit, lines)
          : html`<p class="empty">${say('cartEmpty')} <a href="/shop">${say('browse')}</a></p>`
      }`
    await page(res, visit, { title: say('cart'), body })
  })

  routes.post('/cart/add', async (req, res, next) => {
    const { session, say } = await visitOf(site, req)
    const product = productNamed(field(req, 'product'))
    if (!product) return next()
    session.update('cart', (cart = {}) => withOneMore(cart, product))
    session.flash(say('added', { name: say(product.name) }))
    res.redirect(303, safeNext(field(req, 'next'), '/shop'))
  })

  routes.post('/cart/remove', async (req, res, next) => {
    const { session, say } = await visitOf(site, req)
    const product = productNamed(field(req, 'product'))
    if (!product) return next()
    session.update('cart', (cart = {}) => withOneLess(cart, product))
    session.flash(say('removed', { name: say(product.name) }))
    res.redirect(303, '/cart')
  })

  routes.post('/cart/check-out', async (req, res) => {
    const { session, say, language } = await visitOf(site, req)
    // Taken out first: what is paid for cannot be paid for again.
    const cart = session.pop('cart', {})
    const count = countOf(cart)
    if (count === 0) session.flash(say('cartEmpty'), 'error')
    else session.flash(say('checkedOut', { total: money(language, totalOf(cart)) }))
    res.redirect(303, count === 0 ? '/cart' : '/shop')
  })

  return routes
}

function productCard(visit: Visit, { id, name, about, cents, picture }: Product): Html {
  const { say, language, csrfField } = visit
  return html`<li class="card product">
    ${drawing(picture)}
    <h2>${say(name)}</h2>
    <p>${say(about)}</p>
    <form method="post" action="/cart/add" class="row spread">
      ${csrfField}
      <strong>${money(language, cents)}</strong>
      <button name="product" value="${id}" aria-label="${say('addNamed', { name: say(name) })}">
        ${say('addToCart')}
      </button>
    </form>
  </li>`
}

function cartTable({ say, language, csrfField }: Visit, lines: readonly CartLine[]): Html {
  return html`<div class="card">
    <table>
      <thead>
        <tr>
          <th>${say('product')}</th>
          <th>${say('count')}</th>
          <th class="amount">${say('price')}</th>
        </tr>
      </thead>
      <tbody>
        ${lines.map(({ product: { id, name, picture }, count, cents }) => {
          const named = { name: say(name) }
          return html`<tr>
            <th scope="row">
              <span class="named">${drawing(picture)} ${say(name)}</span>
            </th>
            <td>
              <div class="stepper">
                <form method="post" action="/cart/remove">
                  ${csrfField}
                  <button
                    class="quiet"
                    name="product"
                    value="${id}"
                    aria-label="${say('oneLess', named)}"
                  >
                    −
                  </button>
                </form>
                <span>${count}</span>
                <form method="post" action="/cart/add">
                  ${csrfField}
                  <input type="hidden" name="next" value="/cart" />
                  <button
                    class="quiet"
                    name="product"
                    value="${id}"
                    aria-label="${say('oneMore', named)}"
                  >
                    +
                  </button>
                </form>
              </div>
            </td>
            <td class="amount">${money(language, cents)}</td>
          </tr>`
        })}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">${say('total')}</th>
          <td class="amount" colspan="2">
            ${money(
              language,
              lines.reduce((sum, { cents }) => sum + cents, 0),
            )}
          </td>
        </tr>
      </tfoot>
    </table>
    <form method="post" action="/cart/check-out" class="row end">
      ${csrfField}
      <button>${say('checkOut')}</button>
    </form>
  </div>`
}

function drawing(picture: Html): Html {
  return html`<svg class="picture" viewBox="0 0 112 100" aria-hidden="true">${picture}</svg>`
}
