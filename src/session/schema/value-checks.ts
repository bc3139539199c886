/** Checks each value of a session against the schema of its key, when it is written and read. */

import { type SchemaIssue, SessionError, withIssues } from '../../base/errors.ts'
import { isThenable } from '../../base/realm.ts'
import { type Field, liveValue } from '../../record/fields.ts'
import type { DataSchema } from '../../record/record.ts'
import type { Codec } from '../../record/text/codec.ts'
import { isObject } from '../../record/text/shapes.ts'
import { knownNames } from './known-names.ts'
import type { SchemaResult, SessionSchema, StandardSchema } from './standard-schema.ts'

/** What happens to stored data that the schema refuses. */
export type OnInvalid = 'drop' | 'error'

/** Makes the checks of an app's schema. */
export function valueChecks(schema: SessionSchema, codec: Codec, onInvalid: OnInvalid): DataSchema {
  const schemas = new Map(Object.entries(schema))

  /** The text of a value; `undefined` if it cannot be stored. */
  function textOf(value: unknown, key: string): string | undefined {
    try {
      return codec.encode(value, key)
    } catch {
      return undefined
    }
  }

  function write(value: unknown, key: string): Field {
    const one = schemas.get(key)
    if (!one) throw new SessionError('ERR_VALUE_INVALID', key, 'it has no such key')
    const result = check(one, value, key)
    if (result.issues)
      throw refusal('ERR_VALUE_INVALID', key, whyOf(key, value, one, result.issues), result.issues)
    const { value: output } = result
    const text = codec.encode(output, key)
    if (isObject(output) || !Object.is(output, value)) {
      // A stored value is checked again when it is read, and must not change then.
      const again = check(one, codec.decode(text)?.value, key)
      if (again.issues || textOf(again.value, key) !== text) {
        throw new SessionError('ERR_VALUE_INVALID', key, 'it does not accept what it returns')
      }
    }
    // Some libraries return a copy. Later changes in the app's own object are saved as well.
    const isSame = output === value || textOf(value, key) === text
    return { text, live: { value: isSame ? value : output, isValid: true } }
  }

  function read(field: Field, key: string, refused?: (why: string) => void): Field | undefined {
    const wasValid = field.live?.isValid
    if (wasValid) return field
    const one = schemas.get(key)
    if (!one || (wasValid === false && onInvalid === 'drop')) return undefined
    const value = liveValue(field, codec)
    const result = checkStored(one, value, key)
    const output = result.issues ? undefined : result.value
    const text = output === undefined ? undefined : textOf(output, key)
    if (text !== undefined) {
      // The stored text is preserved: another version may need members that this schema removes.
      const isSame = text === field.text
      field.live = {
        value: isSame ? value : output,
        isValid: true,
        text: isSame ? undefined : text,
      }
      return field
    }
    // A schema may turn an invalid value into `undefined`, for example `.catch(undefined)` in zod.
    const { issues } = result
    if (!issues) return undefined
    field.live = { value, isValid: false }
    const why = whyOf(key, value, one, issues)
    if (wasValid === undefined) refused?.(why)
    if (onInvalid === 'error') throw refusal('ERR_DATA_INVALID', key, why, issues)
    return undefined
  }

  return { write, read }
}

/** Runs a schema. @throws ERR_SCHEMA_ASYNC, and whatever the schema throws */
function check(schema: StandardSchema, value: unknown, key: string): SchemaResult<unknown> {
  const result = schema['~standard'].validate(value)
  // arktype returns the promise of an async step as the value.
  const promise = 'value' in result ? result.value : result
  if (!isThenable(promise)) return result as SchemaResult<unknown>
  promise.then(undefined, () => {})
  throw new SessionError('ERR_SCHEMA_ASYNC', `The schema of "${key}"`)
}

/** The same for a stored value of any shape. If the app's own check throws, the value is invalid. */
function checkStored(schema: StandardSchema, value: unknown, key: string): SchemaResult<unknown> {
  try {
    return check(schema, value, key)
  } catch (error) {
    if (error instanceof SessionError) throw error
    return { issues: [] }
  }
}

function refusal(
  code: 'ERR_VALUE_INVALID' | 'ERR_DATA_INVALID',
  key: string,
  why: string,
  issues: readonly SchemaIssue[],
): SessionError {
  return withIssues(new SessionError(code, key, why), issues)
}

/**
 * Where the first issue is, and the rule that it breaks, as zod, valibot and arktype name it. Not
 * their messages, which may quote the value: `Expected number but received "secret"`. A key that is
 * neither an index nor a name in the schema is `*`: in a record it may be a visitor's input.
 */
function whyOf(
  key: string,
  value: unknown,
  schema: StandardSchema,
  [issue]: readonly SchemaIssue[],
): string {
  let path = key
  let at: any = value
  // Not `map`: arktype's path is no plain array.
  for (const part of issue?.path ?? []) {
    const name = typeof part === 'object' ? part.key : part
    if (typeof name === 'number' && Array.isArray(at)) path += `[${name}]`
    else path += typeof name === 'string' && knownNames(schema).has(name) ? `.${name}` : '.*'
    at = at?.[name]
  }
  const { expected, code, type } = (issue ?? {}) as Readonly<Record<string, unknown>>
  const rule = [code, type].find((name) => typeof name === 'string') ?? 'invalid'
  return `${path}: ${typeof expected === 'string' ? `expected ${expected}` : rule}`
}
