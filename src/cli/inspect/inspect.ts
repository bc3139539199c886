/** `sojourn inspect`: shows what is in a session cookie, and whether it is valid under a secret. */

import { text } from 'node:stream/consumers'
import { printable } from '../../base/printable.ts'
import { command, usageError } from '../command/command.ts'
import { takeVariables } from '../command/load.ts'
import { describe } from '../../inspect/description.ts'
import { recognise } from '../../inspect/formats.ts'
import { page } from './page.ts'
import { cookiesIn, type PastedCookie } from '../../inspect/pasted.ts'
import { type GivenSecret, USUAL_NAMES } from '../../inspect/verify.ts'

const USAGE = `sojourn inspect [COOKIE]                  shows a cookie: a value, a Cookie or Set-Cookie header,
                                            or a response; without COOKIE reads standard input
                  [--name NAME]             which cookie of a header, or the name of the value
                  [--secret-env NAME]       the variable with the secret (default: SESSION_SECRET and
                                            SECRET_KEY)
                  [--env .env]              loads the variables of a file
                  [--secret SECRET]         the secret itself; it stays in your shell's history
                  [--audience NAME]         the option audience of the app, if it is set
                  [--json]                  prints JSON
`

export const inspect = command({
  usage: USAGE,
  options: {
    name: { type: 'string' },
    env: { type: 'string' },
    audience: { type: 'string' },
    secret: { type: 'string', multiple: true },
    'secret-env': { type: 'string', multiple: true },
    json: { type: 'boolean' },
  },
  async run({ name: wanted, env, audience, secret, 'secret-env': variables }, positionals) {
    takeVariables(env)
    const secrets = secretsFrom(secret ?? [], variables ?? [])
    // A header without quotes arrives as several arguments.
    const given = positionals.join(' ')
    const cookies = cookiesIn(given === '' || given === '-' ? await standardInput() : given)
    const chosen = choose(cookies, wanted)
    const now = Date.now()
    const described = chosen.map((cookie) => describe(cookie, { secrets, now, audience }))
    const others = cookies
      .filter(({ name }) => name !== undefined && name !== chosen[0]!.name)
      .map(({ name, value }) => ({ name: name!, format: recognise(value).format }))
    const isFine = described.some(({ verified, format }) => verified ?? format !== 'unknown')
    return {
      text: [
        ...(described.length > 1 ? [`${described.length} ${OF_ONE_NAME}\n`] : []),
        ...described.map((cookie) => page(cookie, now)),
        ...(others.length > 0 ? [alsoThere(others)] : []),
      ].join('\n'),
      json: { cookies: described, others },
      code: isFine ? 0 : 1,
    }
  },
})

const OF_ONE_NAME = 'cookies have this name: a server uses only one of them. In the order sent:'

function alsoThere(others: readonly { name: string; format: string }[]): string {
  const list = others.map(({ name, format }) => `${name} (${format})`).join(', ')
  return `other cookies: ${printable(list)}; show one with --name`
}

function secretsFrom(texts: readonly string[], variables: readonly string[]): GivenSecret[] {
  if (texts.includes('')) throw usageError('--secret is empty. Was the variable set?')
  if (texts.length > 0) {
    process.stderr.write(
      "sojourn: a secret in --secret stays in your shell's history and is visible in the list of\n" +
        'processes. Better: --secret-env NAME.\n',
    )
  }
  const named = variables.flatMap(secretIn)
  // The name is not repeated: with a $ before it, it would be the secret.
  if (named.length < variables.length) {
    throw usageError('The variable of --secret-env is not set or empty.')
  }
  const given = [...texts.map((text) => ({ text, from: '--secret' })), ...named]
  return given.length > 0 ? given : ['SESSION_SECRET', 'SECRET_KEY'].flatMap(secretIn)
}

function secretIn(name: string): GivenSecret[] {
  const text = process.env[name]
  return text ? [{ text, from: name }] : []
}

/** The most bytes of standard input. Cookies and headers are shorter. */
const MAX_INPUT = 1_048_576

async function standardInput(): Promise<string> {
  if (process.stdin.isTTY) {
    throw usageError("Pass a cookie: sojourn inspect 'session=...', or pipe it in.")
  }
  const given = await text(process.stdin)
  if (given.length <= MAX_INPUT) return given
  throw usageError('The input is longer than a megabyte, so it is not a cookie or a header.')
}

/** The cookies to show: those of the given name, otherwise of the name that most likely is the session's. */
function choose(cookies: readonly PastedCookie[], wanted: string | undefined): PastedCookie[] {
  if (wanted === undefined) {
    const ranks = cookies.map(rankOf)
    const best = cookies[ranks.indexOf(ranks.reduce((a, b) => Math.min(a, b), Infinity))]
    if (!best) throw new Error('There is no cookie in the input.')
    return cookies.filter(({ name }) => name === best.name)
  }
  const found = cookies.filter(({ name }) => name === undefined || name === wanted)
  if (found.length > 0) return found.map((cookie) => ({ ...cookie, name: wanted }))
  const names = [...new Set(cookies.map(({ name }) => name))].join(', ') || 'none'
  throw new Error(`There is no cookie of that name. There are: ${names}. Choose one with --name.`)
}

/** Formats in order of preference. Others come after these, and unknown ones last. */
const LIKELY = ['sojourn', 'sojourn-encrypted', 'sojourn-id', 'flask', 'itsdangerous']

function rankOf({ name, value }: PastedCookie): number {
  const { format } = recognise(value)
  const at = LIKELY.indexOf(format)
  const rank = at >= 0 ? at : LIKELY.length + (format === 'unknown' ? 1 : 0)
  return rank - (name !== undefined && USUAL_NAMES.includes(name) ? 0.5 : 0)
}
