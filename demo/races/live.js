/** Starts the race by a request whose response is a stream, and shows each event of it. */

const form = document.querySelector('#race')
const results = document.querySelector('#results')
const now = document.querySelector('#now')
const button = form.querySelector('button')

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  button.disabled = true
  try {
    const response = await fetch(form.action, {
      method: 'POST',
      body: new URLSearchParams(new FormData(form)),
      headers: { accept: 'text/event-stream' },
    })
    if (!response.ok) throw new Error(String(response.status))
    for await (const { sentence, lanes } of eventsOf(response.body)) {
      if (now.textContent !== sentence) now.textContent = sentence
      // The server's own markup, in which it has escaped every value.
      const parsed = new DOMParser().parseFromString(lanes, 'text/html')
      results.replaceChildren(...parsed.body.childNodes)
    }
  } catch {
    now.textContent = 'The race has failed. Reload the page and try again.'
  } finally {
    button.disabled = false
  }
})

/** The data of each server-sent event. */
async function* eventsOf(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    text += value
    const events = text.split('\n\n')
    text = events.pop()
    for (const event of events) yield JSON.parse(event.slice('data: '.length))
  }
}
