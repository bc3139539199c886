/** The data of the benchmarks. */

type Data = Record<string, unknown>

/** About 100 bytes of JSON. */
export const small: Data = {
  user_id: 4217,
  name: 'Ada Lovelace',
  theme: 'dark',
  visits: 12,
  csrf: '9f86d081884c7d659a2feaa0c55ad015',
}

/** About 2 KB of JSON: a cart of 30 items. */
export const big: Data = {
  user_id: 4217,
  visits: 12,
  cart: Array.from({ length: 30 }, (_, index) => ({
    sku: `SKU-${10_000 + index * 37}`,
    title: `Article no. ${index + 1}`,
    quantity: (index % 5) + 1,
    price: 995 + index * 150,
  })),
}
