/** The order of the pages in the site: the sidebar, and `llms.txt`. */

/** One group of pages. Links are paths below docs/, without `.md`. */
export interface Group {
  readonly text: string
  readonly pages: readonly (readonly [text: string, link: string])[]
}

export const GROUPS: readonly Group[] = [
  {
    text: 'Begin here',
    pages: [
      ['Your first session', 'guide/first-session'],
      ['Signing in, protecting a page', 'guide/login'],
      ['Flash messages', 'guide/flash'],
      ['Redisplaying a form', 'guide/forms'],
      ['A shopping cart', 'guide/cart'],
      ['Preferences', 'guide/preferences'],
      ['Exercise: a to-do list', 'guide/todo'],
      ['Why is my session empty?', 'guide/why-is-my-session-empty'],
      ['The inspector', 'guide/inspector'],
      ['Concepts', 'concepts'],
      ['Glossary', 'glossary'],
    ],
  },
  {
    text: 'Build',
    pages: [
      ['Choosing: cookie or store', 'guide/choosing-a-backend'],
      ['Sessions in a store', 'guide/stores'],
      ['Encryption', 'guide/encryption'],
      ['Lifetimes and sizes', 'guide/lifetimes'],
      ['TypeScript', 'guide/typescript'],
      ['Validation and migration', 'guide/validation'],
      ['Templates', 'guide/templates'],
      ['CSRF protection', 'guide/csrf'],
      ['A front end on another port: CORS', 'guide/cors'],
      ['Caches', 'guide/caching'],
      ['WebSockets', 'guide/websockets'],
      ['Server-sent events', 'guide/server-sent-events'],
      ['Recipes', 'guide/recipes'],
      ['Testing', 'guide/testing'],
      ['CommonJS, ts-node, Jest', 'guide/commonjs'],
      ['Runtimes', 'guide/runtimes'],
      ['The command', 'cli'],
    ],
  },
  {
    text: 'Frameworks',
    pages: [
      ['Express, node:http, Fetch', 'guide/frameworks'],
      ['Fastify', 'guide/fastify'],
      ['Koa', 'guide/koa'],
      ['Hono', 'guide/hono'],
      ['h3 and Nitro', 'guide/h3'],
      ['NestJS', 'guide/nestjs'],
      ['Next', 'guide/next'],
      ['React Router', 'guide/react-router'],
      ['SvelteKit', 'guide/sveltekit'],
      ['Astro', 'guide/astro'],
      ['TanStack Start', 'guide/tanstack-start'],
      ['Elysia', 'guide/elysia'],
      ['AdonisJS', 'guide/adonis'],
      ['AWS Lambda', 'guide/aws-lambda'],
      ['Writing an adapter', 'guide/adapters'],
    ],
  },
  {
    text: 'Move in',
    pages: [
      ['Which way', 'moving/README'],
      ['express-session: the drop-in', 'moving/express-session'],
      ['express-session: what differs', 'moving/express-session-differences'],
      ['The codemod', 'moving/codemod'],
      ['cookie-session', 'moving/cookie-session'],
      ['iron-session', 'moving/iron-session'],
      ["Fastify's session plugins", 'moving/fastify-session'],
      ['React Router', 'moving/react-router'],
      ['better-auth', 'moving/better-auth'],
      ['Auth.js', 'moving/authjs'],
      ['Flask: what maps to what', 'flask'],
      ['Flask: moving', 'moving/flask'],
      ['Flask-Session', 'moving/flask-session'],
      ['formerly: old sessions until a date', 'moving/formerly'],
    ],
  },
  {
    text: 'Run',
    pages: [
      ['Going to production', 'guide/production'],
      ['Deployment behind a proxy', 'guide/deployment'],
      ['Secret rotation', 'guide/secrets'],
      ['Operations', 'guide/operations'],
      ['Logs, metrics and traces', 'guide/observability'],
      ['An audit trail', 'guide/audit'],
      ['What an auditor asks', 'guide/security-questions'],
      ['Performance', 'performance'],
    ],
  },
  {
    text: 'Look up',
    pages: [
      ['Errors', 'errors'],
      ['Events', 'events'],
      ['Formats', 'formats'],
      ['Security, row by row', 'security'],
      ['Tested clients', 'clients'],
      ['Tested adapters', 'adapters-table'],
      ['Tested runtimes', 'runtimes'],
      ['Sizes', 'bundle-sizes'],
      ['Architecture', 'architecture'],
    ],
  },
]
