/** The race page: what is run, a button, and what each library kept. */

import { html, type Html } from '../html.ts'
import type { Raced } from './app.ts'
import { type Contender, KEYS } from './contender.ts'
import { spaced } from './lanes.ts'
import type { Result } from './run.ts'

/** What the page shows. */
export interface Shown {
  readonly contenders: readonly Contender[]
  readonly increments: number
  readonly last: Raced | undefined
  readonly onRedis: boolean
}

export function racePage(shown: Shown): string {
  const { last, onRedis, increments } = shown
  return `<!doctype html>${html` <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <title>Parallel requests · Sojourn</title>
      <link rel="icon" href="/icon.svg" type="image/svg+xml" />
      <link rel="stylesheet" href="/races.css" />
    </head>
    <body>
      <main>
        <h1>Parallel requests, one session</h1>
        <p class="lead">
          One visitor, many requests at once: two tabs, a page and its API calls, a double click.
          What does the session hold afterwards? Each library below serves the same pages, on
          ${onRedis ? 'the same Redis' : 'its own store in memory'}.
        </p>
        <ol class="cards rules">
          <li class="card">
            <h2>${spaced(increments)} increments</h2>
            <p>
              ${spaced(increments)} requests with the same cookie each add one to a counter in the
              session.
            </p>
          </li>
          <li class="card">
            <h2>${KEYS} keys</h2>
            <p>${KEYS} requests at once each set another key of the session.</p>
          </li>
          <li class="card">
            <h2>Logout</h2>
            <p>
              A slow request begins, the visitor signs out, the slow request writes and ends. Is the
              visitor signed in again by the cookie of before?
            </p>
          </li>
        </ol>
        <form method="post" action="/race" class="card start">
          <fieldset>
            <legend>In which order</legend>
            ${choice('all-read-first', last, 'All requests read before one writes', 'The worst case, and always the same: no request writes before all have read.')}
            ${choice('as-it-comes', last, 'As it comes', 'By chance: another result each time, and on each machine.')}
          </fieldset>
          <p class="row">
            <button>Start the race</button> <small>It takes about ten seconds.</small>
          </p>
        </form>
        ${last ? results(shown, last) : html`<p class="empty" id="results">No race was run yet.</p>`}
        ${NOTES}
      </main>
      <footer>
        <p>
          Everything is in <code>demo/races/</code>. The same race is a test:
          <code>test/promises/races-on-a-store.test.ts</code>.
        </p>
      </footer>
    </body>
  </html>`}`
}

function choice(order: string, last: Raced | undefined, title: string, about: string): Html {
  const chosen = (last?.order ?? 'all-read-first') === order
  return html`<label class="choice">
    <input type="radio" name="order" value="${order}" ${chosen && html` checked`} />
    <span>${title}</span>
    <small>${about}</small>
  </label>`
}

function results({ contenders }: Shown, { order, increments, results }: Raced): Html {
  const rows = contenders.flatMap((contender) => {
    const result = results.find(({ name }) => name === contender.name)
    return result ? [row(contender, result, increments)] : []
  })
  return html`<section class="card" id="results">
    <h2>What was kept</h2>
    <p>
      ${order === 'all-read-first' ? 'All requests read before one wrote.' : 'The requests came as they came.'}
    </p>
    <table class="race">
      <thead>
        <tr>
          <th scope="col">Library</th>
          <th scope="col">Increments</th>
          <th scope="col">Keys</th>
          <th scope="col">After the logout</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </section>`
}

function row(contender: Contender, { counted, keys, afterLogout }: Result, increments: number) {
  return html`<tr>
    <th scope="row">
      ${contender.name}
      <small>${contender.with}</small>
      <code>${contender.code}</code>
    </th>
    <td data-label="Increments">${kept(counted, increments)}</td>
    <td data-label="Keys">${kept(keys, KEYS)}</td>
    <td data-label="After the logout">
      ${afterLogout.map(
        ({ where, signedInAgain, status }) =>
          html`<p class="${signedInAgain ? 'lost' : 'kept'}">
            ${signedInAgain ? 'signed in again' : 'stays signed out'}
            <small>held ${where}, answered ${status}</small>
          </p>`,
      )}
    </td>
  </tr>`
}

function kept(count: number, all: number): Html {
  return html`<p class="${count === all ? 'kept' : 'lost'}">
    <b>${spaced(count)}</b> of ${spaced(all)}
  </p>`
}

const NOTES = html`<section class="card tinted notes">
  <h2>Why</h2>
  <ul>
    <li>
      <b>express-session</b> and <b>@fastify/session</b> read the whole session when a request
      begins, and write the whole session when it ends. The last one wins, and a write after the
      logout creates the session again.
    </li>
    <li>
      <b>better-auth</b> reads the session again in <code>updateSession</code>, gets and then sets
      it in the secondary storage. A slow handler cannot bring a session back (its update is
      refused, 401). A logout, or another update, between that get and that set can be undone. Its
      sessions hold what is declared as additional fields; it is made for accounts more than for
      such data.
    </li>
    <li>
      <b>Sojourn's drop-in</b> for express-session compares <code>req.session</code> with what the
      request was given, and saves the keys that differ: each key of concurrent requests is saved,
      and logout is final. <code>req.session.count++</code> says "2", not "one more", so that of one
      key the last request wins, as before. What has to be counted is one line:
      <code>(await middleware.sessions.get(req)).update('count', (n = 0) => n + 1)</code>.
    </li>
    <li>
      <b>Sojourn</b> writes only what a request changed, by compare-and-swap, and replays it on the
      newest session if another request was faster. A change after the logout is refused (409).
    </li>
  </ul>
</section>`
