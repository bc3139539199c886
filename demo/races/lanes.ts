/** What each library has saved, side by side, while the race runs and after it. */

import { html, type Html } from '../html.ts'
import { KEYS } from './contender.ts'
import type { Lane, WatchedRace } from './watched-race.ts'

/** The lanes of a race. */
export function lanesOf({ lanes, increments, choice }: WatchedRace): Html {
  return html`<h2>
      ${choice.order === 'all-read-first' ? 'All requests read before one writes' : 'The requests come as they come'}
    </h2>
    <div class="lanes">${lanes.map((lane) => card(lane, increments))}</div>`
}

/** What happens now, in one sentence that a screen reader says. */
export function sentenceOf({ lanes, increments }: WatchedRace): string {
  const lane = lanes.find(({ now }) => now !== 'finished' && now !== 'waiting')
  if (!lane)
    return lanes.every(({ now }) => now === 'finished') ? 'The race has ended.' : 'The race begins.'
  const doing = {
    increments: `${spaced(increments)} requests increment one counter`,
    keys: `${KEYS} requests each set a key`,
    logout: 'a slow request beside a logout',
  }[lane.now as 'increments' | 'keys' | 'logout']
  return `${lane.contender.name}: ${doing}.`
}

function card({ contender, now, ...lane }: Lane, increments: number): Html {
  const isNow = (...phases: Lane['now'][]) => phases.includes(now)
  return html`<section class="card lane" aria-labelledby="lane-${contender.path}">
    <h3 id="lane-${contender.path}">${contender.name}</h3>
    <p class="with">${contender.with}<br /><code>${contender.code}</code></p>
    <h4>${spaced(increments)} increments</h4>
    ${bar({
      label: `${contender.name}: the counter in the session`,
      count: lane.counted,
      all: increments,
      answered: lane.answered,
      isOver: isNow('keys', 'logout', 'finished'),
    })}
    <h4>${KEYS} keys</h4>
    ${bar({
      label: `${contender.name}: keys in the session`,
      count: lane.keys,
      all: KEYS,
      answered: lane.keysAnswered,
      isOver: isNow('logout', 'finished'),
    })}
    <h4>A slow request beside a logout</h4>
    ${isNow('waiting', 'increments', 'keys') && html`<p class="soft">Waits for its turn.</p>`}
    ${now === 'logout' && html`<p class="soft">${lane.event}</p>`}
    ${lane.afterLogout.map(
      ({ where, signedInAgain, status }) =>
        html`<p class="${signedInAgain ? 'lost' : 'kept'}">
          ${signedInAgain ? 'The visitor is signed in again' : 'The visitor stays signed out'}
          <small>slow request held ${where}, its response: ${status}</small>
        </p>`,
    )}
  </section>`
}

interface Bar {
  readonly label: string
  readonly count: number
  readonly all: number
  readonly answered: number
  readonly isOver: boolean
}

function bar({ label, count, all, answered, isOver }: Bar): Html {
  const verdict = count === all ? 'kept' : 'lost'
  return html`<p class="count ${isOver && verdict}">
      <b>${spaced(count)}</b> of
      ${spaced(all)}${isOver && count < all && `, ${spaced(all - count)} lost`}
    </p>
    <progress max="${all}" value="${count}" aria-label="${label}"></progress>
    <p class="soft">${spaced(answered)} requests answered</p>`
}

/** 1000 is written 1 000, with a space that does not break. */
export function spaced(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, '\u00A0')
}
