/** What a reviewer asks of a policy, and the answers. */

import { explain } from '../../crypto/keyring.ts'
import type { StorePolicy } from '../../backends/store-backend.ts'
import type { Policy } from '../../session/setup/policy.ts'
import { counted, span } from '../command/wording.ts'
import { cookieFindings, flaskNaming, ownNaming } from './cookie-checks.ts'
import { check, consider, type Finding, pass, warn } from './finding.ts'

/** Every question that a policy answers by itself. */
export function policyFindings(policy: Policy): Finding[] {
  const { cookie, format, secrets, algorithms, store, backend } = policy
  const isFlask = format === 'flask'
  const [weakness] = secrets.weaknesses
  const others = secrets.count > 1 ? `; ${counted(secrets.count - 1, 'previous secret')} too` : ''
  const uses = Object.entries(algorithms).map((use) => use.join(': '))
  return [
    check('secret', !weakness, `Nobody can guess it${others}.`, [
      `A secret ${weakness && explain(weakness)}.`,
      `npx sojourn secret --write .env${isFlask ? ' --name SECRET_KEY' : ''}`,
    ]),
    ...cookieFindings(cookie, isFlask ? flaskNaming : ownNaming),
    lifetimeFinding(policy),
    consider('algorithms', !isFlask, uses.join('; '), [
      `${uses.join('; ')}: a MAC that holds, of a hash that NIST retires by 2030.`,
      'Keep the preset while Flask shares the session; then leave it out.',
    ]),
    encryptionFinding(policy),
    ...policy.formerly.map(formerlyFinding),
    ...(store ? storeFindings(store, backend) : [logoutFinding(isFlask)]),
  ]
}

function lifetimeFinding({ lifetime, format }: Policy): Finding {
  const { idle, permanent, absolute, anonymous, assuranceLevel: level } = lifetime
  const others = [
    ...(permanent === idle ? [] : [`permanent ones ${span(permanent)}`]),
    ...(anonymous === null ? [] : [`anonymous ones ${span(anonymous)}`]),
  ]
  const away = others.length > 0 ? `${[span(idle), ...others].join(', ')},` : span(idle)
  const atLast = absolute === null ? ', with no absolute timeout' : `, all after ${span(absolute)}`
  const says = `Sessions end after ${away} without a request${atLast}`
  return consider(
    'lifetime',
    level !== null,
    `${says}: within level ${level} of NIST SP 800-63B.`,
    [
      `${says}: longer than any level of NIST SP 800-63B allows.`,
      format === 'flask'
        ? "Flask's cookie has no field for more: note the reason."
        : 'lifetime: aal1, aal2 or aal3 of sojourn (30 days; 24 hours; 12 hours), or note the reason.',
    ],
  )
}

function encryptionFinding({ encryption, format, store }: Policy): Finding {
  const { of, migrateUntil, from } = encryption
  const isAhead = (date: string | null) => date !== null && Date.parse(date) > Date.now()
  if (isAhead(from)) {
    const remedy = 'Leave encrypt.from out once every server has this configuration.'
    return warn('encryption', `Nothing is encrypted before ${from}.`, remedy)
  }
  if (isAhead(migrateUntil)) {
    const says = `Encrypted; unencrypted sessions are accepted until ${migrateUntil}.`
    return warn('encryption', says, 'encrypt: true, once that has passed.')
  }
  const reader = store ? 'Whoever reads the store, or a backup of it,' : 'Whoever has the cookie'
  return consider('encryption', of !== 'nothing', `Only the secret opens the ${of}.`, [
    `${reader} can read the session: signed is not secret.`,
    format === 'flask' ? 'Keep nothing private in it.' : 'encrypt: true, or keep nothing private.',
  ])
}

function formerlyFinding({ name, until }: Policy['formerly'][number]): Finding {
  if (Date.parse(until) > Date.now()) {
    return pass('formerly', `Sessions of '${name}' are moved here until ${until}.`)
  }
  const says = `Sessions of '${name}' are not accepted since ${until}.`
  return warn('formerly', says, 'Take it out of the option formerly.')
}

function logoutFinding(isFlask: boolean): Finding {
  return warn(
    'logout',
    'A logout empties the browser; a copy of the cookie is valid until it expires.',
    isFlask
      ? 'Keep the lifetime short.'
      : "A store: then every session can be ended, and all of a user's at once.",
  )
}

function storeFindings(policy: StorePolicy, engine: string): Finding[] {
  const { rotate, grace, onReplay, maxSessionsPerUser: most, onLimit, deadlines } = policy
  const renewed = rotate === null ? 'only by regenerate()' : `after ${span(rotate)}`
  const replayed = onReplay === 'end' ? 'its session ends' : 'it is reported'
  const isStrict = policy.onUnavailable === 'error'
  const without = isStrict ? 'the answer is 503' : 'everybody is anonymous and nothing is written'
  return [
    ...(engine === 'memory' ? [IN_MEMORY] : []),
    pass('logout', 'It ends the session on the server: no copy of the cookie is valid after it.'),
    pass(
      'ids',
      `New at each login, otherwise renewed ${renewed}: the old one is valid for ${span(grace)} more; replayed later, ${replayed}.`,
    ),
    pass(
      'limit',
      `${most} sessions a user; one more ${onLimit === 'reject' ? 'is refused' : 'ends the oldest'}.`,
    ),
    pass(
      'outage',
      `Without the store ${without}, after ${span(deadlines.read)} at a read and ${span(deadlines.write)} at a write.`,
    ),
  ]
}

const IN_MEMORY = warn(
  'store',
  'Sessions end with the process, and no other process knows them.',
  'sqliteStore(db), redisStore(client) or postgresStore(pool).',
)
