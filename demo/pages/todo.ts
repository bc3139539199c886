/** The to-do list: only for who is signed in, and only their own. */

import express, { type Request, type Router } from 'express'
import { field } from '../form.ts'
import { html, type Html } from '../html.ts'
import { page } from '../page.ts'
import { memberVisitOf, type Site, type Visit } from '../site.ts'
import { LONGEST_TEXT, type Todo } from '../todos.ts'

export function todoPages(site: Site): Router {
  const routes = express.Router()
  const { todos } = site

  routes.get('/todo', async (req, res) => {
    const visit = await memberVisitOf(site, req)
    const { user, say, csrfField } = visit
    const items = todos.list(user.id)
    const body = html` <h1>${say('todoOf')}</h1>
      <p class="lead">${say('todoAbout', { name: user.name })}</p>
      <form method="post" action="/todo" class="row add">
        ${csrfField}
        <label for="text" class="unseen">${say('todoNew')}</label>
        <input
          id="text"
          name="text"
          placeholder="${say('todoNew')}"
          maxlength="${LONGEST_TEXT}"
          autocomplete="off"
          required
        />
        <button>${say('add')}</button>
      </form>
      ${
        items.length > 0
          ? html`<ul class="todos card">
              ${items.map((todo) => todoItem(visit, todo))}
            </ul>`
          : html`<p class="empty">${say('todoEmpty')}</p>`
      }`
    await page(res, visit, { title: say('todo'), body })
  })

  routes.post('/todo', async (req, res) => {
    const { session, user, say } = await memberVisitOf(site, req)
    const text = validText(req)
    if (text === undefined) session.flash(say('todoInvalid', { most: LONGEST_TEXT }), 'error')
    else {
      todos.add(user.id, text)
      session.flash(say('todoAdded', { text: shortened(text) }))
    }
    res.redirect(303, '/todo')
  })

  routes.get('/todo/:id', async (req, res, next) => {
    const visit = await memberVisitOf(site, req)
    const { user, say, csrfField } = visit
    const todo = todos.find(user.id, idOf(req))
    if (!todo) return next()
    const body = html` <h1>${say('edit')}</h1>
      <form method="post" action="/todo/${todo.id}" class="card stack">
        ${csrfField}
        <label for="text">${say('todoNew')}</label>
        <input
          id="text"
          name="text"
          value="${todo.text}"
          maxlength="${LONGEST_TEXT}"
          autocomplete="off"
          required
        />
        <div class="row">
          <button>${say('save')}</button><a class="button quiet" href="/todo">${say('cancel')}</a>
        </div>
      </form>`
    await page(res, visit, { title: say('edit'), body })
  })

  routes.post('/todo/:id', async (req, res, next) => {
    const { session, user, say } = await memberVisitOf(site, req)
    const id = idOf(req)
    if (!todos.find(user.id, id)) return next()
    const text = validText(req)
    if (text === undefined) {
      session.flash(say('todoInvalid', { most: LONGEST_TEXT }), 'error')
      return res.redirect(303, `/todo/${id}`)
    }
    todos.edit(user.id, id, text)
    session.flash(say('todoSaved', { text: shortened(text) }))
    res.redirect(303, '/todo')
  })

  routes.post('/todo/:id/done', async (req, res, next) => {
    const { user } = await memberVisitOf(site, req)
    if (!todos.check(user.id, idOf(req), field(req, 'done') === 'yes')) return next()
    res.redirect(303, '/todo')
  })

  routes.post('/todo/:id/delete', async (req, res, next) => {
    const { session, user, say } = await memberVisitOf(site, req)
    const todo = todos.find(user.id, idOf(req))
    if (!todo) return next()
    todos.remove(user.id, todo.id)
    session.flash(say('todoRemoved', { text: shortened(todo.text) }))
    res.redirect(303, '/todo')
  })

  return routes
}

function todoItem({ say, csrfField }: Visit, { id, text, done }: Todo): Html {
  return html`<li class="${done ? 'done' : 'open'}">
    <form method="post" action="/todo/${id}/done">
      ${csrfField}
      <button
        class="tick"
        name="done"
        value="${done ? 'no' : 'yes'}"
        aria-label="${done ? say('markOpen', { text }) : say('markDone', { text })}"
      >
        ${done && '✓'}
      </button>
    </form>
    <span class="text">${text}</span>
    <a class="small" href="/todo/${id}" aria-label="${say('editNamed', { text })}"
      >${say('edit')}</a
    >
    <form method="post" action="/todo/${id}/delete">
      ${csrfField}
      <button class="small danger" aria-label="${say('removeNamed', { text })}">
        ${say('remove')}
      </button>
    </form>
  </li>`
}

/** -1, which no to-do has, for what is no number. */
function idOf(req: Request): number {
  const id = String(req.params['id'])
  return /^[1-9]\d{0,14}$/.test(id) ? Number(id) : -1
}

function validText(req: Request): string | undefined {
  const text = field(req, 'text')
  return text.length >= 1 && text.length <= LONGEST_TEXT ? text : undefined
}

/** A flash message travels in the cookie, so it is kept short. */
function shortened(text: string): string {
  const characters = [...text]
  return characters.length > 60 ? `${characters.slice(0, 60).join('')}…` : text
}
