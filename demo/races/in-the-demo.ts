/** The race page of the demo, at /races: watched live, or as a result where no script runs. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import express, { type NextFunction, type Request, type Response, type Router } from 'express'
import { field } from '../form.ts'
import { html, type Html } from '../html.ts'
import { page } from '../page.ts'
import { type Site, type Visit, visitOf } from '../site.ts'
import { KEYS } from './contender.ts'
import { lanesOf, sentenceOf, spaced } from './lanes.ts'
import { AT_ONCE, type Choice, startRace, type WatchedRace } from './watched-race.ts'

/** How often the browser is told, in milliseconds: a thousand steps are a few dozen events. */
const PACE = 40

/** The pages below `/races`. */
export function racePages(site: Site, increments = 1000): Router {
  const routes = express.Router()
  let last: WatchedRace | undefined
  let running: Promise<WatchedRace> | undefined

  routes.use(ownScript)
  routes.get('/races.css', (_req, res) => void res.type('css').send(STYLE))
  routes.get('/live.js', (_req, res) => void res.type('js').send(SCRIPT))

  routes.get('/', async (req, res) => {
    const visit = await visitOf(site, req)
    await page(res, visit, { title: 'Races', body: body(visit, increments, last) })
  })

  routes.post('/', async (req, res) => {
    const race = await joined({
      order: field(req, 'order') === 'as-it-comes' ? 'as-it-comes' : 'all-read-first',
      lastWriteWins: field(req, 'last-write-wins') === 'on',
    })
    if (req.get('accept') === 'text/event-stream') return tell(race, res)
    await race.ended
    res.redirect(303, '/races#results')
  })
  return routes

  /** One race at a time: who comes while one runs watches that one. */
  function joined(choice: Choice): Promise<WatchedRace> {
    const end = () => void (running = undefined)
    // The sessions of the race are not the visitor's who starts it.
    running ??= site.trails
      .untold(() => startRace(choice, increments))
      .then((race) => {
        last = race
        race.ended.then(end, end)
        return race
      })
    // A race that cannot even start, where a library is not installed, is not the last one.
    running.catch(end)
    return running
  }
}

/** Sends the lanes as server-sent events until the race has ended. */
async function tell(race: WatchedRace, res: Response): Promise<void> {
  res.type('text/event-stream')
  const send = () => {
    // The browser may have left.
    if (res.destroyed) return
    const event = { sentence: sentenceOf(race), lanes: lanesOf(race).toString() }
    res.write(`data: ${JSON.stringify(event)}\n\n`)
  }
  let waiting: NodeJS.Timeout | undefined
  const unwatch = race.watch(() => {
    waiting ??= setTimeout(() => {
      waiting = undefined
      send()
    }, PACE)
  })
  res.on('close', unwatch)
  send()
  try {
    await race.ended
    send()
    res.end()
  } catch {
    // The browser sees that the stream breaks off, and says so.
    res.destroy()
  } finally {
    clearTimeout(waiting)
    unwatch()
  }
}

/** These pages run one script of their own, which reads from this site. */
function ownScript(_req: Request, res: Response, next: NextFunction): void {
  const policy = String(res.getHeader('Content-Security-Policy'))
  if (!policy.includes('script-src')) {
    res.set('Content-Security-Policy', `${policy}; script-src 'self'; connect-src 'self'`)
  }
  next()
}

function body(visit: Visit, increments: number, last: WatchedRace | undefined): Html {
  const order = last?.choice.order ?? 'all-read-first'
  const choice = (value: Choice['order'], title: string, about: string) =>
    html`<label class="choice">
      <input type="radio" name="order" value="${value}" ${order === value && html` checked`} />
      <span>${title}</span>
      <small>${about}</small>
    </label>`

  // The page is in English in each language of the shop.
  return html`<div lang="en">
    <link rel="stylesheet" href="/races/races.css" />
    <h1>Concurrent requests, one session</h1>
    <p class="lead">
      Two tabs, a page and its API calls, a double click: requests of one visitor arrive together.
      What does the session hold afterwards?
    </p>
    <div class="columns">
      <form method="post" action="/races" class="card start" id="race">
        ${visit.csrfField}
        <fieldset>
          <legend>Order of the requests</legend>
          ${choice('all-read-first', 'All read before one writes', 'The worst case: each of the concurrent requests has read the session before one of them writes.')}
          ${choice('as-it-comes', 'As it comes', 'By chance: another result each time, and on each machine.')}
        </fieldset>
        <fieldset>
          <legend>Compare</legend>
          <label class="choice">
            <input
              type="checkbox"
              name="last-write-wins"
              role="switch"
              ${last?.choice.lastWriteWins && html` checked`}
            />
            <span>The same on a last-write-wins store</span>
            <small>express-session with its MemoryStore</small>
          </label>
        </fieldset>
        <p class="row">
          <button>Start the race</button>
          <span id="now" role="status"></span>
        </p>
      </form>
      <section class="card tinted">
        <h2>Three races</h2>
        <ol class="notes">
          <li>
            ${spaced(increments)} requests with the same cookie, ${AT_ONCE} at once, each add one to
            a counter in the session.
          </li>
          <li>${KEYS} concurrent requests each set another key of the session.</li>
          <li>
            A slow request reads the session, the visitor signs out, and the slow request writes. Is
            the visitor signed in again?
          </li>
        </ol>
      </section>
    </div>
    <div id="results">
      ${last ? lanesOf(last) : html`<p class="empty">No race was run yet.</p>`}
    </div>
    ${NOTES}
    <script src="/races/live.js" defer></script>
  </div>`
}

const NOTES = html`<section class="card tinted notes">
  <h2>Why</h2>
  <ul>
    <li>
      <b>Sojourn</b> saves only what a request changed, by compare-and-swap. If another request was
      faster, the change is applied again to the newest session. A change after the logout is
      refused with 409.
    </li>
    <li>
      <b>A last-write-wins store</b> gets the whole session from each request. The last request
      overwrites what the others have written (lost update), and a write after the logout creates
      the session again.
    </li>
    <li>
      The same race with five libraries, also on Redis: <code>node demo/races/server.ts</code>
    </li>
  </ul>
</section>`

const STYLE = readFileSync(join(import.meta.dirname, 'races.css'), 'utf8')
const SCRIPT = readFileSync(join(import.meta.dirname, 'live.js'), 'utf8')
