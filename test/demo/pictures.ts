/**
 * The pictures of the documentation, taken by tests. They are written to the folder that PICTURES names
 * (`PICTURES=docs/images`), otherwise to a temporary one.
 */

import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { expect } from 'vitest'
import { html, type Html } from '../../demo/html.ts'

const folder = process.env['PICTURES'] ?? mkdtempSync(join(tmpdir(), 'sojourn-pictures-'))

/** Writes a picture; `name` is the file's, without its ending. */
export function keepPicture(name: string, png: Buffer): void {
  // They are in each clone of the repository.
  expect(png.length, name).toBeLessThan(150_000)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${name}.png`), png)
}

/** What a browser shows, and a sentence about it. */
export interface Shot {
  readonly caption: string
  readonly png: Buffer
}

/** Puts screenshots beside each other, at their own size, and keeps that picture. */
export async function keepShots(browser: Browser, name: string, shots: readonly Shot[]) {
  const figures = shots.map(
    ({ caption, png }, at) =>
      html`<figure>
        <figcaption><b>${at + 1}</b> ${caption}</figcaption>
        <img src="data:image/png;base64,${png.toString('base64')}" alt="" />
      </figure>`,
  )
  await keepPage(browser, name, html`<main class="shots">${figures}</main>`)
}

/** What was seen in a browser, as a table. */
export interface Table {
  readonly title: string
  readonly columns: readonly string[]
  /** A cell that begins with ✓ or ✗ is colored. */
  readonly rows: readonly (readonly string[])[]
  readonly note: string
}

/** Draws a table, and keeps that picture. */
export async function keepTable(browser: Browser, name: string, table: Table): Promise<void> {
  const { title, columns, rows, note } = table
  const kindOf = (cell: string) => (/^[✓✗]/.test(cell) ? (cell[0] === '✓' ? 'yes' : 'no') : '')
  const body = html`<main>
    <h1>${title}</h1>
    <table>
      <thead>
        <tr>
          ${columns.map((column) => html`<th>${column}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell) => html`<td class="${kindOf(cell)}">${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
    <p>${note}</p>
  </main>`
  await keepPage(browser, name, body)
}

async function keepPage(browser: Browser, name: string, body: Html): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1400, height: 400 } })
  await page.setContent(`<!doctype html><meta charset="utf-8"><style>${STYLE}</style>${body}`)
  keepPicture(name, await page.locator('main').screenshot())
  await page.close()
}

const STYLE = `
  body { margin: 0; font: 15px/1.5 system-ui, sans-serif; color: #23302c }
  main { width: min-content; padding: 20px; background: #fbf7ef }
  .shots { display: flex; gap: 20px; align-items: start }
  figure { margin: 0 }
  figcaption { white-space: nowrap; margin-bottom: 8px; font-weight: 600 }
  figcaption b { display: inline-block; width: 24px; border-radius: 12px; background: #1f5c4d; color: #fff; text-align: center }
  img { display: block; border: 1px solid #e4dccb; border-radius: 8px }
  h1 { margin: 0 0 14px; font-size: 20px; white-space: nowrap }
  table { border-collapse: collapse; background: #fff }
  th, td { padding: 7px 12px; border: 1px solid #e4dccb; text-align: left; vertical-align: top; white-space: nowrap }
  th { background: #f1ead9 }
  td:first-child { font-weight: 600 }
  .yes { color: #1f5c4d }
  .no { color: #a8322a }
  p { margin: 12px 0 0; color: #5b6963; font-size: 13px }
`
