/** Starts the HTTP server. */

import { Ignitor } from '@adonisjs/core'
import rcFile from '../adonisrc.ts'

const APP_ROOT = new URL('../', import.meta.url)

await new Ignitor(APP_ROOT, { importer: (path) => import(new URL(path, APP_ROOT).href) })
  // Node runs TypeScript as it is. Without a build there is no adonisrc.js, which is looked for.
  .tap((app) => void app.rcContents(rcFile))
  .httpServer()
  .start()

console.log(`http://localhost:${process.env.PORT ?? 3333}`)
