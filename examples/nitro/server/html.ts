/** Parts of the pages. */

import { raw } from 'nitro/h3'
import type { ShopSession } from './sessions.ts'

export function form(action: string, session: ShopSession, fields: string) {
  const token = `<input name="_csrf" type="hidden" value="${session.csrfToken()}">`
  return raw(`<form method="post" action="${action}">${token} ${fields}</form>`)
}

export function flashes(session: ShopSession) {
  const messages = session.flashes().map(({ message }) => `<p class="flash">${escape(message)}</p>`)
  return raw(messages.join(''))
}

export function escape(value: unknown): string {
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
