/** axe-core in a page: what it finds against the accessibility guidelines. */

import axe from 'axe-core'
import type { Page } from 'playwright-core'

/** What axe-core finds, each as its rule and the elements. A page without faults: `[]`. */
export async function violationsOf(page: Page): Promise<string[]> {
  // By the protocol: the page's own policy, which allows no such script, stays as it is.
  await page.evaluate(axe.source)
  const { violations } = (await page.evaluate('axe.run()')) as axe.AxeResults
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(', ')}`)
}

/** The looks in which a page is checked. */
export const LOOKS = (['light', 'dark'] as const).flatMap((colorScheme) =>
  [1280, 320].map((width) => ({ colorScheme, viewport: { width, height: 800 } })),
)

/** Whether the page is wider than its window, which then scrolls sideways. */
export async function isTooWide(page: Page): Promise<boolean> {
  const { width } = page.viewportSize()!
  return (await page.locator('html').evaluate((element) => element.scrollWidth)) > width
}
