/** The script of the inspector's page. It writes text only, never HTML. */

import { PAGE_SECTIONS } from './page-sections.ts'

export const PAGE_SCRIPT = String.raw`
'use strict'
// Wherever the page is: behind a prefix, its own paths are, too.
const path = location.pathname.replace(/\/$/, '')
let { token } = document.body.dataset
const at = (id) => document.getElementById(id)
const make = (tag, content, attributes = {}) => {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  for (const part of [content].flat()) if (part !== undefined && part !== null && part !== false) made.append(part)
  return made
}
const clock = (time) => new Date(time).toLocaleTimeString(undefined, { hour12: false })
const day = (time) => new Date(time).toDateString() === new Date().toDateString() ? clock(time) : new Date(time).toLocaleString()
const say = (id, text) => { if (at(id).textContent !== text) at(id).textContent = text }

let latest
let ahead = 0
let newest = 0

${PAGE_SECTIONS}

async function look() {
  try {
    const response = await fetch(path + '/state', { headers: { accept: 'application/json' } })
    latest = await response.json()
  } catch {
    say('live', 'the server is away')
    return
  }
  ahead = latest.now - Date.now()
  // Another one after the server was started again; its entries count from 1, too.
  if (token !== latest.token) newest = 0
  token = latest.token
  say('name', latest.policy.cookie.name)
  say('says', latest.says)
  at('says').className = latest.outcome === 'valid' ? 'fine' : latest.outcome === 'none' ? '' : 'alarm'
  showAll()
  for (const entry of latest.timeline) add(entry)
}

/** Adds a line to the timeline, unless it has it. */
function add(entry, isNew) {
  if (entry.id <= newest) return
  newest = entry.id
  at('timeline').prepend(line(entry, isNew))
  while (at('timeline').children.length > 300) at('timeline').lastChild.remove()
  filter()
}

const SIGNS = { alarm: '!', note: 'i', fine: '' }

function line({ at: time, kind, title, says, tone, handle, took }, isNew) {
  const stamp = make('time', clock(time), { datetime: new Date(time).toISOString() })
  const more = [handle && 'session ' + handle.slice(0, 6), took === undefined ? undefined : took.toFixed(1) + ' ms'].filter(Boolean).join(', ')
  const sign = SIGNS[tone] && make('i', SIGNS[tone], { class: 'sign', 'aria-hidden': 'true' })
  return make('li', [stamp, make('b', [sign, title], { class: tone }), make('span', [says, more && make('span', ' ' + more, { class: 'soft' })])],
    { 'data-kind': kind, class: tone + (isNew ? ' new' : '') })
}

function filter() {
  const shown = [...document.querySelectorAll('input[name=kind]:checked')].map((box) => box.value)
  for (const item of at('timeline').children) item.hidden = !shown.includes(item.dataset.kind)
}

/** Screen readers get the last entry, and how many there were, and not each of a burst. */
let unsaid = []
let saying
function announce(entry) {
  unsaid.push(entry)
  saying ??= setTimeout(() => {
    const { title, says } = unsaid.at(-1)
    say('news', (unsaid.length > 1 ? unsaid.length + ' new entries. The last: ' : '') + title + '. ' + says)
    unsaid = []
    saying = undefined
  }, 500)
}

async function post(where, body) {
  try {
    const response = await fetch(path + '/' + where, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ ...body, token }) })
    // Something in front of the inspector may have refused it, with a page of its own.
    return await response.json().catch(() => ({ error: 'The server refused this with status ' + response.status + '.' }))
  } catch {
    return { error: 'The server is away. Try again once it runs.' }
  }
}

let due
const source = new EventSource(path + '/timeline')
source.onopen = () => { say('live', 'live'); look() }
source.onerror = () => say('live', 'the server is away')
source.onmessage = ({ data }) => {
  const entry = JSON.parse(data)
  add(entry, true)
  announce(entry)
  due ??= setTimeout(() => { due = undefined; look() }, 300)
}
at('reload').addEventListener('click', look)
at('clear').addEventListener('click', () => at('timeline').replaceChildren())
for (const box of document.querySelectorAll('input[name=kind]')) box.addEventListener('change', filter)
at('explain').addEventListener('submit', async (event) => {
  event.preventDefault()
  const found = await post('explain', { text: at('pasted').value })
  at('explained').replaceChildren(...(Array.isArray(found) && found.length > 0 ? found.map(explained) : [make('p', found.error ?? 'There is no cookie in it.')]))
})
setInterval(showTimes, 1000)
look()
`
