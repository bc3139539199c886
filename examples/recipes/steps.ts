/** A form of several steps: each step is saved in the session, the last one sends the whole. */

import express from 'express'
import { createSessions } from 'sojourn'
import { csrfGuard, sessionMiddleware } from 'sojourn/express'

const STEPS = ['name', 'address', 'payment'] as const
type Step = (typeof STEPS)[number]
interface Data {
  order: Partial<Record<Step, string>>
}
const sessions = createSessions<Data>({ secret: process.env.SESSION_SECRET })

const app = express()
app.use(sessionMiddleware(sessions))
app.use(express.urlencoded())
app.use(csrfGuard(sessions))

app.get('/order', async (req, res) => {
  const session = await sessions.get(req)
  const order = session.get('order', {})
  // A reload, the back button or a second window: the first step that is missing is always right.
  const step = STEPS.find((step) => order[step] === undefined)
  if (step === undefined) return res.redirect(303, '/order/summary')
  res.send(`<form method="post" action="/order/${step}">
    <input type="hidden" name="_csrf" value="${session.csrfToken()}">
    <label>Your ${step} <input name="value"></label> <button>Next</button>
  </form>`)
})

app.post('/order/:step', async (req, res) => {
  const session = await sessions.get(req)
  const step = STEPS.find((step) => step === req.params.step)
  if (step === undefined) return res.sendStatus(404)
  const { value } = req.body as { value: string }
  session.update('order', (order = {}) => ({ ...order, [step]: value }))
  res.redirect(303, '/order')
})

app.get('/order/summary', async (req, res) => {
  const session = await sessions.get(req)
  res.json(session.get('order', {}))
})

app.post('/order', async (req, res) => {
  const session = await sessions.get(req)
  const order = session.get('order', {})
  if (STEPS.some((step) => order[step] === undefined)) return res.redirect(303, '/order')
  session.delete('order') // a second click finds nothing to order
  session.flash('Thank you for your order.')
  res.redirect(303, '/')
})

app.get('/', async (req, res) => {
  const session = await sessions.get(req)
  res.send(
    session
      .flashes()
      .map(({ message }) => message)
      .join(' '),
  )
})

app.listen(3000)
