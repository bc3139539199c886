/** What a reviewer asks of a policy, and the answers. */

import type { Policy, StorePolicy } from '../../session/setup/policy.ts'
import { explain } from '../../crypto/keyring.ts'
import { check, type Finding, pass, warn } from './finding.ts'

/** Every question that a policy answers by itself. */
export function policyFindings(policy: Policy): Finding[] {
  return [
    secretFinding(policy),
    ...cookieFindings(policy),
    lifetimeFinding(policy),
    ...formatFindings(policy),
    encryptionFinding(policy),
    ...(policy.store
      ? [...engineFindings(policy.backend), ...storeFindings(policy.store)]
      : [revocationFinding(policy)]),
  ]
}

function secretFinding({ secrets, format }: Policy): Finding {
  const { count, weaknesses } = secrets
  const [weakness] = weaknesses
  const previous = count === 2 ? 'one previous secret opens' : `${count - 1} previous secrets open`
  const says = `Nobody can guess it${count > 1 ? `; ${previous} too` : ''}.`
  return check('secret', !weakness, says, [
    weakness ? `A secret ${explain(weakness)}.` : '',
    `npx sojourn secret --write .env${format === 'flask' ? ' --name SECRET_KEY' : ''}`,
  ])
}

function cookieFindings({ cookie, format }: Policy): Finding[] {
  const { name, domain, path, secure, httpOnly, sameSite } = cookie
  const flask = format === 'flask'
  return [
    check('Secure', secure, 'The cookie leaves over HTTPS only.', [
      'The cookie is sent over plain HTTP too, where anybody on the way can take it.',
      flask ? 'SESSION_COOKIE_SECURE: true' : 'cookie: { secure: true }, or leave it out',
    ]),
    check('HttpOnly', httpOnly, 'No script can read the cookie.', [
      'A script in the page can read the cookie, one that was smuggled in too.',
      flask ? 'SESSION_COOKIE_HTTPONLY: true' : 'cookie: { httpOnly: true }, or leave it out',
    ]),
    sameSiteFinding(sameSite, flask),
    prefixFinding(name),
    domain === null
      ? pass('scope', `Only the host that set the cookie gets it, below ${path}.`)
      : warn(
          'scope',
          `Every host below ${domain} gets the cookie, and can set it.`,
          `Leave ${flask ? 'SESSION_COOKIE_DOMAIN' : 'cookie.domain'} out, unless they are to share sessions.`,
        ),
  ]
}

function sameSiteFinding(sameSite: Policy['cookie']['sameSite'], flask: boolean): Finding {
  const remedy = flask ? "SESSION_COOKIE_SAMESITE: 'Lax'" : "cookie: { sameSite: 'Lax' }"
  if (sameSite === 'None') {
    return warn(
      'SameSite',
      'Other sites can have requests sent with the cookie.',
      `${remedy}, or a csrfGuard on every form and call.`,
    )
  }
  if (sameSite === null) {
    return warn(
      'SameSite',
      'Nothing is said: browsers differ in what they take for the default.',
      remedy,
    )
  }
  return pass('SameSite', `${sameSite}: what other sites post comes without the cookie.`)
}

/** What a name's prefix makes the browser itself watch over. */
export function prefixFinding(name: string): Finding {
  if (/^__host-/i.test(name)) {
    return pass('prefix', '__Host-: no other host and no plain HTTP can have set the cookie.')
  }
  if (/^__secure-/i.test(name)) {
    return pass(
      'prefix',
      '__Secure-: no plain HTTP can have set the cookie; hosts beside this one can.',
    )
  }
  return warn(
    'prefix',
    'Other hosts of the domain and plain HTTP can set a cookie of that name.',
    'A name that begins with __Host- (with a domain or a path: __Secure-). It is the default outside development.',
  )
}

function lifetimeFinding({ lifetime, format }: Policy): Finding {
  const { idle, permanent, absolute, assuranceLevel: level } = lifetime
  const away = permanent === idle ? span(idle) : `${span(idle)}, permanent ones ${span(permanent)},`
  const says = `Sessions end after ${away} without a request${absolute === null ? '' : `, all after ${span(absolute)}`}`
  if (level !== null) return pass('lifetime', `${says}: within level ${level} of NIST SP 800-63B.`)
  return warn(
    'lifetime',
    absolute === null
      ? `${says}; who comes back in time never signs in again.`
      : `${says}: longer than any level of NIST SP 800-63B allows.`,
    format === 'flask'
      ? "Flask's cookie has no field for more: note the reason."
      : 'lifetime: aal1, aal2 or aal3 of sojourn (30 days; 24 hours; 12 hours), or note the reason.',
  )
}

function formatFindings({ format, algorithms }: Policy): Finding[] {
  if (format === 'sojourn') return [pass('algorithms', listed(algorithms))]
  return [
    warn(
      'algorithms',
      `${listed(algorithms)}: a MAC that holds, of a hash that NIST retires by 2030.`,
      'Keep the preset while Flask shares the session; then leave it out.',
    ),
  ]
}

function encryptionFinding({ encryption, format, store }: Policy): Finding {
  const { of, migrateUntil, from } = encryption
  if (from !== null && Date.parse(from) > Date.now()) {
    return warn(
      'encryption',
      `Nothing is encrypted before ${from}.`,
      'Leave encrypt.from out once every server has this configuration.',
    )
  }
  if (migrateUntil !== null && Date.parse(migrateUntil) > Date.now()) {
    return warn(
      'encryption',
      `Encrypted, and until ${migrateUntil} what was written before still opens unencrypted.`,
      'encrypt: true, once that has passed.',
    )
  }
  if (of === 'cookie') return pass('encryption', 'Nobody without the secret can read the cookie.')
  if (of === 'rows') return pass('encryption', 'Whoever reads the store cannot read the sessions.')
  if (store) {
    return warn(
      'encryption',
      'Whoever reads the store, a backup of it too, can read what sessions hold.',
      'encrypt: true, unless they hold nothing private.',
    )
  }
  return warn(
    'encryption',
    'The cookie can be read by whoever holds it: signed is not secret.',
    format === 'flask'
      ? 'Keep nothing private in it.'
      : 'encrypt: true, or keep nothing private in it.',
  )
}

function revocationFinding({ format }: Policy): Finding {
  return warn(
    'logout',
    'A logout empties the browser; a copy of the cookie opens until its lifetime is over.',
    format === 'flask'
      ? 'Keep the lifetime short.'
      : "A store: then every session can be ended, and all of a user's at once.",
  )
}

function engineFindings(engine: string): Finding[] {
  if (engine !== 'memory') return []
  const says = 'Sessions end with the process, and no other process knows them.'
  return [warn('store', says, 'sqliteStore(db), redisStore(client) or postgresStore(pool).')]
}

function storeFindings({
  rotate,
  grace,
  onReplay,
  maxSessionsPerUser,
  onLimit,
  onUnavailable,
  deadlines,
}: StorePolicy): Finding[] {
  const replayed = onReplay === 'end' ? 'its session ends' : 'it is reported'
  return [
    pass('logout', 'It ends the session on the server: a copy of the cookie opens nothing.'),
    pass(
      'ids',
      `New at each login, and the one before opens nothing from then on. Otherwise renewed${rotate === null ? ' only by regenerate()' : ` after ${span(rotate)}`}: then the old one opens for ${span(grace)} more, and shown later ${replayed}.`,
    ),
    maxSessionsPerUser === null
      ? warn(
          'limit',
          'A user may have any number of sessions at a time.',
          'maxSessionsPerUser: 5, say, or note the reason.',
        )
      : pass(
          'limit',
          `${maxSessionsPerUser} sessions a user; one more ${onLimit === 'reject' ? 'is refused' : 'ends the oldest'}.`,
        ),
    pass(
      'outage',
      `Without the store ${onUnavailable === 'error' ? 'the answer is 503' : 'everybody is anonymous and nothing is written'}, after ${span(deadlines.read)} at a read and ${span(deadlines.write)} at a write.`,
    ),
  ]
}

function listed(algorithms: Policy['algorithms']): string {
  return Object.entries(algorithms)
    .map(([use, algorithm]) => `${use}: ${algorithm}`)
    .join('; ')
}

const UNITS: readonly [number, string][] = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
]

function span(seconds: number): string {
  const found = UNITS.find(([unit]) => seconds % unit === 0 && seconds > 0)
  const [unit, name] = found ?? [1, 'second']
  const count = seconds / unit
  return `${count} ${name}${count === 1 ? '' : 's'}`
}
