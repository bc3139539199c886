/** `sojourn inspect`: shows what is in a session cookie, and whether a secret signed it. */

import { parseArgs } from 'node:util'
import { understood } from '../command/arguments.ts'
import { describe, type Description } from './description.ts'
import { page } from './page.ts'
import { cookiesIn, type PastedCookie } from './pasted.ts'
import { recognise } from './recognise.ts'
import { printable } from '../../base/printable.ts'
import { printableLines } from '../command/terminal.ts'
import { usageError } from '../command/usage-error.ts'
import { type GivenSecret, USUAL_NAMES } from './verify.ts'

export const INSPECT_USAGE = `sojourn inspect [COOKIE]                  shows a cookie: a value, a Cookie or Set-Cookie header,
                                          or a response; without COOKIE, from standard input
                  [--name NAME]             which cookie of a header, or the name of the value
                  [--secret-env NAME]       the variable with the secret that may have signed it
                                            (without it: SESSION_SECRET, then SECRET_KEY)
                  [--secret SECRET]         the secret itself; your shell remembers it
                  [--audience NAME]         the app's own, if it has the option
                  [--json]                  for programs
`

/** Standard input beyond this is no cookie, nor the headers around one. */
const MAX_INPUT = 1_048_576

/** Runs the command; answers its exit code. */
export async function inspect(args: string[]): Promise<number> {
  const { values, positionals } = understood(args, (args) =>
    parseArgs({
      args,
      allowPositionals: true,
      options: {
        name: { type: 'string' },
        audience: { type: 'string' },
        secret: { type: 'string', multiple: true },
        'secret-env': { type: 'string', multiple: true },
        json: { type: 'boolean' },
      },
    }),
  )
  const secrets = secretsFrom(values.secret ?? [], values['secret-env'] ?? [])
  // An unquoted header arrives as several arguments.
  const given = positionals.join(' ')
  const text = given === '' || given === '-' ? await standardInput() : given
  const cookies = cookiesIn(text)
  if (cookies.length === 0) return fail('There is no cookie in what was given.')
  const chosen = choose(cookies, values.name)
  if (chosen.length === 0) {
    const names = [...new Set(cookies.map(({ name }) => name))].join(', ')
    return fail(`There is no cookie of that name. There are: ${names}. Say which with --name.`)
  }
  const now = Date.now()
  const described = chosen.map((cookie) => describe(cookie, secrets, now, values.audience))
  const others = cookies
    .filter(({ name }) => name !== undefined && name !== chosen[0]!.name)
    .map(({ name, value }) => ({ name: name!, format: recognise(value).format }))
  if (values.json) {
    process.stdout.write(
      `${printableLines(JSON.stringify({ cookies: described, others }, null, 2))}\n`,
    )
  } else {
    process.stdout.write(`${pages(described, others, now)}\n`)
  }
  return exitCode(described)
}

function secretsFrom(texts: readonly string[], variables: readonly string[]): GivenSecret[] {
  if (texts.includes('')) throw usageError('--secret is empty. Was the variable set?')
  if (texts.length > 0) {
    process.stderr.write(
      'sojourn: a secret in --secret stays in the history of your shell and shows in the list of\n' +
        'processes. Better: --secret-env NAME.\n',
    )
  }
  const given = texts.map((text) => ({ text, from: '--secret' }))
  const named = variables.map((name) => {
    const text = process.env[name]
    // The name is not repeated: with a stray $ it is the secret.
    if (!text) throw usageError('The variable that --secret-env names is not set, or empty.')
    return { text, from: name }
  })
  if (given.length + named.length > 0) return [...given, ...named]
  return ['SESSION_SECRET', 'SECRET_KEY'].flatMap((name) => {
    const text = process.env[name]
    return text ? [{ text, from: name }] : []
  })
}

async function standardInput(): Promise<string> {
  if (process.stdin.isTTY) {
    throw usageError("Give a cookie: sojourn inspect 'session=...', or pipe it in.")
  }
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_INPUT)
      throw usageError('That is longer than a megabyte: no cookie, and no headers.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** The cookies to show: all of the name that was given, or else of the likeliest one. */
function choose(cookies: readonly PastedCookie[], name: string | undefined): PastedCookie[] {
  if (name !== undefined) {
    return cookies
      .filter((cookie) => cookie.name === undefined || cookie.name === name)
      .map((cookie) => ({ ...cookie, name }))
  }
  const ranked = cookies.map((cookie) => ({ cookie, rank: rankOf(cookie) }))
  const best = ranked.reduce((a, b) => (b.rank < a.rank ? b : a)).cookie
  return cookies.filter((cookie) => cookie.name === best.name)
}

const RANKS: readonly string[] = [
  'sojourn',
  'sojourn-encrypted',
  'sojourn-id',
  'flask',
  'itsdangerous',
]

function rankOf({ name, value }: PastedCookie): number {
  const { format } = recognise(value)
  const known = RANKS.indexOf(format)
  const rank = known >= 0 ? known : format === 'unknown' ? 9 : 5
  return rank - (name !== undefined && USUAL_NAMES.includes(name) ? 0.5 : 0)
}

function pages(
  described: readonly Description[],
  others: readonly { name: string; format: string }[],
  now: number,
): string {
  const several =
    described.length > 1
      ? `${described.length} cookies have this name: a server takes one of them only. In the order sent:\n\n`
      : ''
  const also = others.map(({ name, format }) => `${name} (${format})`).join(', ')
  const rest = also === '' ? '' : `\nalso there: ${printable(also)}; show one with --name\n`
  return several + described.map((cookie) => page(cookie, now)).join('\n') + rest
}

function exitCode(described: readonly Description[]): number {
  if (described.some(({ verified }) => verified === true)) return 0
  return described.some(({ verified, format }) => verified === null && format !== 'unknown') ? 0 : 1
}

function fail(message: string): number {
  process.stderr.write(`sojourn: ${printable(message)}\n`)
  return 1
}
