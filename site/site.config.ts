/** The site's configuration: navigation, local search, nothing from elsewhere. */

import { defineConfig } from 'vitepress'
import { GROUPS } from './nav.ts'
import { slug } from './slug.ts'

export default defineConfig({
  title: 'Sojourn',
  description: 'Session management for TypeScript and JavaScript servers',
  lang: 'en',
  cleanUrls: true,
  // Every link has to lead somewhere, but for those to the reader's own server.
  ignoreDeadLinks: 'localhostLinks',
  lastUpdated: false,
  markdown: { anchor: { slugify: slug } },
  vite: { build: { chunkSizeWarningLimit: 5000 } },
  themeConfig: {
    search: { provider: 'local' },
    nav: [
      { text: 'Begin', link: '/guide/first-session' },
      { text: 'API', link: '/api/' },
      { text: 'Errors', link: '/errors' },
      { text: 'Changes', link: '/changelog' },
    ],
    sidebar: [
      ...GROUPS.map(({ text, pages }) => ({
        text,
        collapsed: false,
        items: pages.map(([name, link]) => ({ text: name, link: `/${link}` })),
      })),
      {
        text: 'Reference',
        items: [
          { text: 'API', link: '/api/' },
          { text: 'Security policy', link: '/security-policy' },
        ],
      },
    ],
    outline: [2, 3],
    docFooter: { prev: 'Previous page', next: 'Next page' },
  },
})
