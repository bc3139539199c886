/** Looks for links in the built site that name a place which their page does not have. */

import { globSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'

/** Each link with a fragment that no element has as its id, with the page it is on. */
export function brokenAnchors(dist: string): string[] {
  const pages = new Map<string, string>()
  for (const file of globSync('**/*.html', { cwd: dist })) {
    const page = `/${file.replaceAll('\\', '/').replace(/(?:index)?\.html$/, '')}`
    pages.set(page, readFileSync(join(dist, file), 'utf8'))
  }
  const ids = new Map(
    [...pages].map(([page, html]) => [
      page,
      new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!)),
    ]),
  )
  return [...pages].flatMap(([page, html]) =>
    [...html.matchAll(/ href="([^"#:]*)#([^"]+)"/g)].flatMap(([, path = '', hash = '']) => {
      const target = path === '' ? page : posix.resolve(posix.dirname(page), path)
      const known = ids.get(target.replace(/\.html$/, '')) ?? ids.get(`${target}/`)
      return known && !known.has(decodeURIComponent(hash)) ? [`${page}: ${path}#${hash}`] : []
    }),
  )
}
