/** What the shop sells, and arithmetic on a cart. */

import { html, type Html } from './html.ts'
import { REMOVE } from './sojourn.ts'
import type { Word } from './words.ts'

/** Something to buy. */
export interface Product {
  readonly id: string
  readonly name: Word
  readonly about: Word
  readonly cents: number
  readonly picture: Html
}

/** What a visitor is about to buy: how many of each. This is what the session keeps. */
export type Cart = Record<string, number>

/** One line of a cart. */
export interface CartLine {
  product: Product
  count: number
  cents: number
}

/** Nobody carries more of one thing; it also keeps the session's cookie small. */
const MOST_OF_ONE = 20

const PRODUCTS: readonly Product[] = [
  {
    id: 'mug',
    name: 'mug',
    about: 'mugAbout',
    cents: 1400,
    picture: html`<path d="M30 34h46v38a12 12 0 0 1-12 12H42a12 12 0 0 1-12-12z" class="c1" />
      <path d="M76 44h6a11 11 0 0 1 0 22h-6" class="line" /><path d="M30 34h46v8H30z" class="c2" />
      <path d="M44 26q-5-5 0-10t0-10M60 26q-5-5 0-10t0-10" class="line thin" />`,
  },
  {
    id: 'lantern',
    name: 'lantern',
    about: 'lanternAbout',
    cents: 3900,
    picture: html`<path d="M44 24a12 12 0 0 1 24 0" class="line" /><path
        d="M38 24h36l4 10H34z"
        class="c1"
      />
      <path d="M38 34h36v40H38z" class="c3" /><path d="M56 42q12 14 0 26q-12-12 0-26z" class="c4" />
      <path d="M32 74h48v10H32z" class="c1" /><path d="M38 34v40M74 34v40" class="line" />`,
  },
  {
    id: 'notebook',
    name: 'notebook',
    about: 'notebookAbout',
    cents: 900,
    picture: html`<rect x="30" y="14" width="54" height="72" rx="5" class="c1" />
      <path d="M30 19a5 5 0 0 1 5-5h5v72h-5a5 5 0 0 1-5-5z" class="c2" />
      <rect x="48" y="28" width="28" height="16" rx="2" class="c3" /><path
        d="M53 36h18"
        class="line thin"
      />
      <path d="M70 86v8l4-3 4 3v-8z" class="c4" />`,
  },
  {
    id: 'blanket',
    name: 'blanket',
    about: 'blanketAbout',
    cents: 6800,
    picture: html`<rect x="20" y="26" width="72" height="18" rx="9" class="c1" />
      <rect x="20" y="44" width="72" height="18" rx="9" class="c4" />
      <rect x="20" y="62" width="72" height="18" rx="9" class="c2" />
      <path d="M34 26v54M78 26v54" class="line thin" /><path
        d="M24 80v7M31 80v7M38 80v7"
        class="line thin"
      />`,
  },
  {
    id: 'compass',
    name: 'compass',
    about: 'compassAbout',
    cents: 2600,
    picture: html`<circle cx="56" cy="54" r="34" class="c1" /><circle
        cx="56"
        cy="54"
        r="26"
        class="c3"
      />
      <path d="M56 34l8 20H48z" class="c4" /><path d="M56 74l-8-20h16z" class="c2" />
      <circle cx="56" cy="54" r="3" class="c3" /><circle cx="56" cy="14" r="6" class="line" />`,
  },
  {
    id: 'tea',
    name: 'tea',
    about: 'teaAbout',
    cents: 1150,
    picture: html`<rect x="36" y="14" width="40" height="12" rx="4" class="c2" />
      <rect x="30" y="26" width="52" height="60" rx="6" class="c1" />
      <rect x="30" y="42" width="52" height="28" class="c3" />
      <path d="M44 62q2-16 24-14q-2 16-24 14zM44 62l14-8" class="c5" />`,
  },
]

const BY_ID: ReadonlyMap<string, Product> = new Map(
  PRODUCTS.map((product) => [product.id, product]),
)

/** All there is to buy. */
export function allProducts(): readonly Product[] {
  return PRODUCTS
}

/** One product, if we have it. */
export function productNamed(id: string): Product | undefined {
  return BY_ID.get(id)
}

/** The cart with one more of a product. */
export function withOneMore(cart: Cart, { id }: Product): Cart {
  return { ...cart, [id]: Math.min((cart[id] ?? 0) + 1, MOST_OF_ONE) }
}

/** The cart with one less of a product; `REMOVE` once it is empty. */
export function withOneLess(cart: Cart, { id }: Product): Cart | typeof REMOVE {
  const { [id]: count = 0, ...rest } = cart
  const left = count > 1 ? { ...cart, [id]: count - 1 } : rest
  return Object.keys(left).length > 0 ? left : REMOVE
}

/** The lines of a cart. What is no longer sold is left out. */
export function linesOf(cart: Cart): CartLine[] {
  return Object.entries(cart).flatMap(([id, count]) => {
    const product = productNamed(id)
    return product ? [{ product, count, cents: product.cents * count }] : []
  })
}

/** How many things are in a cart. */
export function countOf(cart: Cart): number {
  return linesOf(cart).reduce((sum, { count }) => sum + count, 0)
}

/** What a cart costs. */
export function totalOf(cart: Cart): number {
  return linesOf(cart).reduce((sum, { cents }) => sum + cents, 0)
}
