/** Fields of a submitted form. */

import type { Request } from 'express'

/** A field's text, without the spaces around it; empty if it was not sent, or sent twice. */
export function field(req: Request, name: string): string {
  const fields: unknown = req.body
  if (typeof fields !== 'object' || fields === null || !Object.hasOwn(fields, name)) return ''
  const value = (fields as Record<string, unknown>)[name]
  return typeof value === 'string' ? value.trim() : ''
}
