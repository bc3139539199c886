/** The strip at the end of every page: the visitor's cookie, data and events, and the code behind them. */

import { cookieOf, setCookieOf } from '../cookies.ts'
import { html, type Html } from '../html.ts'
import { attributesOf, inspectorOf, isStored, type Kind } from '../kinds.ts'
import type { Visit } from '../site.ts'
import type { Word } from '../words.ts'
import { codeBehind } from './code.ts'
import { type Sentence, sentencesOf } from './sentences.ts'
import type { Deed } from './trail.ts'

/** So many of the last requests are shown. */
const MOST_SHOWN = 4

/** The session's cookie as the browser has it after this response. */
interface CookieNow {
  readonly name: string
  readonly value: string
  readonly attributes: readonly string[]
  readonly from: Word
}

const ABOUT: Readonly<Record<Kind['name'], Word>> = {
  signed: 'aboutSigned',
  encrypted: 'aboutEncrypted',
  stored: 'aboutStored',
}

/** Draws the strip. `saved` has the Set-Cookie of this response, if there is one. */
export function strip(visit: Visit, saved: Headers): Html {
  const { say, kind, trail } = visit
  const cookie = cookieNow(visit, saved)
  const deeds = trail.deeds.filter(isTold).slice(-MOST_SHOWN).toReversed()
  const rows = deeds.map((deed) => ({ deed, sentences: sentencesOf(deed, say) }))
  const note = trail.note
  trail.note = undefined
  const shown = shownDeed(trail.deeds)
  const code = shown && codeBehind(shown.method, shown.path)
  const headline = headlineOf(rows)

  return html`<section class="peek" aria-label="${say('stripTitle')}: ${say(kind.name)}">
      <b>${say(kind.name)}</b>
      <span class="peek-size">${say('bytesOf', { bytes: sizeOf(cookie) })}</span>
      <span class="peek-said ${headline?.tone}">${headline?.says}</span>
      <a class="peek-open" href="#session">${say('stripLook')}</a>
    </section>
    <aside class="strip" id="session" aria-labelledby="strip-title" tabindex="-1">
      <div class="strip-inside">
        <div class="strip-head">
          <h2 id="strip-title">${say('stripTitle')}</h2>
          <p>${say('stripIntro')}</p>
          ${kindSwitch(visit)}
        </div>
        ${note && html`<p class="note">${say(note.word, note.values)}</p>`}
        <div class="panels">
          ${cookiePanel(visit, cookie)} ${dataPanel(visit)}
          <section class="panel">
            <h3>${say('happened')}</h3>
            <ol class="deeds">
              ${rows.map(({ deed, sentences }) => deedRow(visit, deed, sentences))}
            </ol>
          </section>
          <section class="panel">
            <h3>${say('theCode')}</h3>
            ${
              code &&
              html`<pre tabindex="0"><code>${code.code}</code></pre>
                <p class="from">${code.from}</p>`
            }
          </section>
        </div>
        ${attacks(visit, cookie)}
      </div>
    </aside>`
}

function cookieNow({ kind, cookieHeader }: Visit, saved: Headers): CookieNow | undefined {
  const { cookieName: name } = kind
  const line = saved.getSetCookie().find((text) => setCookieOf(text).name === name)
  if (line !== undefined) {
    const set = setCookieOf(line)
    return set.value ? { ...set, from: 'cookieSet' } : undefined
  }
  const value = cookieOf({ headers: { cookie: cookieHeader } }, name)
  return value === undefined
    ? undefined
    : { name, value, attributes: attributesOf(kind), from: 'cookieSent' }
}

function sizeOf(cookie: CookieNow | undefined): number {
  return cookie ? cookie.name.length + 1 + cookie.value.length : 0
}

function kindSwitch({ say, kind, kinds, path, csrfField }: Visit): Html {
  return html`<form method="post" action="/kind" class="kinds" aria-label="${say('keptIn')}">
    ${csrfField}<input type="hidden" name="next" value="${path}" />
    ${kinds.all.map(
      ({ name }) =>
        html`<button
          name="kind"
          value="${name}"
          aria-pressed="${name === kind.name ? 'true' : 'false'}"
        >
          ${say(name)}
        </button>`,
    )}
  </form>`
}

function cookiePanel({ say, kind }: Visit, cookie: CookieNow | undefined): Html {
  const engine = kind.sessions.describePolicy().backend
  const bytes = sizeOf(cookie)
  return html`<section class="panel">
    <h3>${say('theCookie')}</h3>
    ${
      cookie
        ? html`<p class="pair"><b>${cookie.name}</b>=${cookie.value.slice(0, 14)}…</p>
            <meter
              min="0"
              max="4096"
              value="${bytes}"
              aria-label="${say('bytesOf', { bytes })}"
            ></meter>
            <p class="from">${say('bytesOf', { bytes })} · ${say(cookie.from)}</p>
            <ul class="flags">
              ${cookie.attributes.map((attribute) => html`<li>${attribute}</li>`)}
            </ul>`
        : html`<p>${say('cookieNone')}</p>`
    }
    <p>${say(ABOUT[kind.name], { engine })}</p>
  </section>`
}

function dataPanel({ say, session }: Visit): Html {
  const entries: [string, unknown][] = [
    ...(session.userId === undefined ? [] : [['userId', session.userId] as [string, unknown]]),
    ...session.entries(),
  ]
  return html`<section class="panel">
    <h3>${say('theData')}</h3>
    ${
      entries.length > 0
        ? html`<dl class="pairs">
            ${entries.map(
              ([key, value]) =>
                html`<div>
                  <dt>${key}</dt>
                  <dd>${shortened(JSON.stringify(value))}</dd>
                </div>`,
            )}
          </dl>`
        : html`<p>${say('dataNone')}</p>`
    }
  </section>`
}

function deedRow(
  { say }: Visit,
  { who, method, path }: Deed,
  sentences: readonly Sentence[],
): Html {
  return html`<li>
    <code
      >${who === 'thief' ? html`<b>${say('byThief')}</b> ` : ''}${method}
      ${shortened(path, 18)}</code
    >
    ${sentences.map(({ tone, says }) => html`<span class="${tone}">${says}</span> `)}
  </li>`
}

/** What a visitor can do to the session. Each is a form; none needs a script. */
function attacks(visit: Visit, cookie: CookieNow | undefined): Html {
  const { say, kind, kinds, user, path, csrfField, session } = visit
  // A cookie that was rejected is no session to break.
  const isThere = cookie !== undefined && (!session.isNew || cookie.from === 'cookieSet')
  const form = (action: string, word: Word, isPossible: boolean) =>
    html`<form method="post" action="${action}">
      ${csrfField}<input type="hidden" name="next" value="${path}" />
      <button ${!isPossible && html` disabled`}>${say(word)}</button>
    </form>`
  return html`<section class="tries" aria-labelledby="tries-title">
    <div class="tries-head">
      <h3 id="tries-title">${say('tryIt')}</h3>
      ${
        process.env['NODE_ENV'] !== 'production' &&
        html`<a href="${inspectorOf(kinds, kind)}">${say('toInspector')}</a>`
      }
    </div>
    ${form('/try/tamper', 'tamper', isThere)} ${form('/try/twice', 'twice', isThere)}
    ${form('/try/steal', 'steal', isThere)}
    ${user && isStored(kind) && form('/devices/end-others', 'endElsewhere', true)}
    ${!isThere && html`<p class="from">${say('tryFirst')}</p>`}
  </section>`
}

/** Whether a request says something: a form that leaves the session alone does not. */
function isTold({ method, path, events, committed }: Deed): boolean {
  return (
    !WITHOUT_SESSION.includes(`${method} ${path}`) || events.length > 0 || committed !== undefined
  )
}

const WITHOUT_SESSION = ['POST /try/tamper', 'POST /try/twice', 'POST /try/thief', 'POST /races']

/** The request that is worth showing: the form that led here, or else this page. */
function shownDeed(deeds: readonly Deed[]): Deed | undefined {
  const [before, current] = deeds.slice(-2)
  return before?.method === 'POST' && before.who === 'you' && current ? before : (current ?? before)
}

function headlineOf(rows: readonly { deed: Deed; sentences: readonly Sentence[] }[]) {
  const [current, before] = rows
  const alarm = current?.sentences.find(({ tone }) => tone === 'alarm')
  return alarm ?? (before?.deed.method === 'POST' ? before : current)?.sentences[0]
}

function shortened(text: string, length = 90): string {
  return text.length > length ? `${text.slice(0, length)}…` : text
}
