/** The checks of a policy: `sessions.describePolicy()`. */

import { explain } from '../../crypto/keyring.ts'
import type { StorePolicy } from '../../backends/store-backend.ts'
import type { Policy } from '../../session/setup/policy.ts'
import { counted, span } from '../command/wording.ts'
import { cookieFindings, flaskNaming, ownNaming } from './cookie-checks.ts'
import { check, consider, type Finding, pass, warn } from './finding.ts'

/** Checks a policy. */
export function policyFindings(policy: Policy): Finding[] {
  const { cookie, format, secrets, algorithms, store, backend } = policy
  const isFlask = format === 'flask'
  const [weakness] = secrets.weaknesses
  const others = secrets.count > 1 ? `; ${counted(secrets.count - 1, 'previous secret')}` : ''
  const uses = Object.entries(algorithms).map((use) => use.join(': '))
  return [
    check('secret', !weakness, `No weakness was found${others}.`, [
      `A secret ${weakness && explain(weakness)}.`,
      `Run: npx sojourn secret --write .env${isFlask ? ' --name SECRET_KEY' : ''}`,
    ]),
    ...cookieFindings(cookie, isFlask ? flaskNaming : ownNaming),
    lifetimeFinding(policy),
    consider('algorithms', !uses.some((use) => use.includes('SHA-1')), uses.join('; '), [
      `${uses.join('; ')}: SHA-1 in an HMAC is not broken, but NIST retires SHA-1 by 2030.`,
      'Use the preset while the other library shares the session; then leave it out.',
    ]),
    encryptionFinding(policy),
    ...policy.formerly.map(formerlyFinding),
    ...(store ? storeFindings(store, backend) : [logoutFinding(isFlask)]),
  ]
}

function lifetimeFinding({ lifetime, format }: Policy): Finding {
  const { idle, permanent, absolute, anonymous, assuranceLevel: level } = lifetime
  const others = [
    ...(permanent === idle ? [] : [`permanent sessions ${span(permanent)}`]),
    ...(anonymous === null ? [] : [`anonymous sessions ${span(anonymous)}`]),
  ]
  const atLast = absolute === null ? 'no absolute timeout' : `absolute timeout ${span(absolute)}`
  const says = `Idle timeout ${[span(idle), ...others].join(', ')}; ${atLast}`
  return consider(
    'lifetime',
    level !== null,
    `${says}: within level ${level} of NIST SP 800-63B.`,
    [
      `${says}: longer than any level of NIST SP 800-63B allows.`,
      format === 'flask'
        ? "Flask's cookie cannot have an absolute timeout: write down the reason."
        : 'Set lifetime: aal1, aal2 or aal3 of sojourn (30 days; 24 hours; 12 hours), or write down the reason.',
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
    return warn('encryption', says, 'Write encrypt: true after that time.')
  }
  const reader = store ? 'Whoever reads the store or a backup of it' : 'Whoever has the cookie'
  return consider('encryption', of !== 'nothing', `The ${of} cannot be read without the secret.`, [
    `${reader} can read the session: it is not encrypted.`,
    format === 'flask'
      ? 'Store nothing private in it.'
      : 'Set encrypt: true, or store nothing private.',
  ])
}

function formerlyFinding({ name, until }: Policy['formerly'][number]): Finding {
  if (Date.parse(until) > Date.now()) {
    return pass('formerly', `Sessions of '${name}' are moved here until ${until}.`)
  }
  const says = `Sessions of '${name}' are not accepted any more, since ${until}.`
  return warn('formerly', says, 'Remove it from the option formerly.')
}

function logoutFinding(isFlask: boolean): Finding {
  return warn(
    'logout',
    'A logout clears the cookie in the browser. A copy of the cookie is valid until it expires.',
    isFlask
      ? 'Use a short lifetime.'
      : 'Use a store: then a logout ends the session, and all sessions of a user can be revoked.',
  )
}

function storeFindings(policy: StorePolicy, engine: string): Finding[] {
  const { rotate, grace, onReplay, maxSessionsPerUser: most, onLimit, deadlines } = policy
  const renewed = rotate === null ? 'only by regenerate()' : `after ${span(rotate)}`
  const replayed = onReplay === 'end' ? 'ends its session' : 'is reported'
  const isStrict = policy.onUnavailable === 'error'
  const without = isStrict
    ? 'the status is 503'
    : 'all visitors are anonymous, and nothing is saved'
  return [
    ...(engine === 'memory' ? [IN_MEMORY] : []),
    pass('logout', 'A logout ends the session on the server: no copy of the cookie is valid then.'),
    pass(
      'ids',
      `Renewed at each login, otherwise ${renewed}. The old id is valid for ${span(grace)} more; a later replay ${replayed}.`,
    ),
    pass(
      'limit',
      `${most} sessions per user. A further login ${onLimit === 'reject' ? 'is refused' : 'ends the oldest one'}.`,
    ),
    pass(
      'outage',
      `If the store is unavailable, ${without}. Timeouts: ${span(deadlines.read)} for a read, ${span(deadlines.write)} for a write.`,
    ),
  ]
}

const IN_MEMORY = warn(
  'store',
  'Sessions end with the process, and other processes cannot use them.',
  'Use sqliteStore(db), redisStore(client) or postgresStore(pool).',
)
