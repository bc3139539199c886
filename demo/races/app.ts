/** The race page, and below it each library's pages: one server for all. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import express, { type Request, type Response } from 'express'
import type { Contender } from './contender.ts'
import { contendersOn } from './contenders/contenders.ts'
import { racePage } from './page.ts'
import type { Place } from './place.ts'
import { race, type RaceOptions, type Result } from './run.ts'
import { serveContenders } from './serving.ts'

/** A race that was run. */
export interface Raced {
  readonly order: RaceOptions['order']
  readonly increments: number
  readonly results: readonly Result[]
}

/** The page and all libraries, while they run. */
export interface Races {
  /** `http://127.0.0.1:3100` */
  readonly origin: string
  readonly contenders: readonly Contender[]
  close(): Promise<void>
}

/** Starts the server on a port; `0`: one that is free. */
export async function startRaces(place: Place, port: number, increments = 1000): Promise<Races> {
  const contenders = await contendersOn(place)
  const { origin, rest, close } = await serveContenders(contenders, port)
  rest(pages(place, contenders, { origin, increments }))
  return { origin, contenders, close }
}

function pages(
  place: Place,
  contenders: readonly Contender[],
  { origin, increments }: { origin: string; increments: number },
) {
  const app = express()
  const styles = ['../style.css', 'races.css']
    .map((file) => readFileSync(join(import.meta.dirname, file), 'utf8'))
    .join('\n')
  let last: Raced | undefined
  let running: Promise<void> | undefined

  app.disable('x-powered-by')
  app.use((_req, res, next) => {
    res.set({
      'Content-Security-Policy':
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      'Cache-Control': 'no-store',
    })
    next()
  })
  app.get('/races.css', (_req, res) => res.type('css').send(styles))
  app.get('/icon.svg', (_req, res) => res.sendFile(join(import.meta.dirname, '..', 'icon.svg')))
  app.get('/', (_req, res) => {
    res.send(racePage({ contenders, increments, last, onRedis: place.client !== undefined }))
  })
  app.post(
    '/race',
    express.urlencoded({ extended: false }),
    async (req: Request, res: Response) => {
      const order = req.body?.order === 'as-it-comes' ? 'as-it-comes' : 'all-read-first'
      // One race at a time: a second visitor sees the result of the first.
      running ??= raced(order).finally(() => (running = undefined))
      await running
      res.redirect(303, '/#results')
    },
  )
  return app

  async function raced(order: RaceOptions['order']): Promise<void> {
    const results: Result[] = []
    for (const contender of contenders) {
      const url = `${origin}/${contender.path}`
      results.push(await race(contender, { url, increments, order }))
    }
    last = { order, increments, results }
  }
}
