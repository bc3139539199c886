/** What a reviewer asks of a policy, and the answers. */

import { explain } from '../../crypto/keyring.ts'
import type { Policy, StorePolicy } from '../../session/setup/policy.ts'
import { span } from '../command/wording.ts'
import { cookieFindings, flaskNaming, ownNaming } from './cookie-checks.ts'
import { check, consider, type Finding, pass, warn } from './finding.ts'

/** Every question that a policy answers by itself. */
export function policyFindings(policy: Policy): Finding[] {
  const isFlask = policy.format === 'flask'
  return [
    secretFinding(policy),
    ...cookieFindings(policy.cookie, isFlask ? flaskNaming : ownNaming),
    lifetimeFinding(policy),
    consider('algorithms', !isFlask, algorithmsOf(policy), [
      `${algorithmsOf(policy)}: a MAC that holds, of a hash that NIST retires by 2030.`,
      'Keep the preset while Flask shares the session; then leave it out.',
    ]),
    encryptionFinding(policy),
    ...(policy.store ? storeFindings(policy.store, policy.backend) : [logoutFinding(isFlask)]),
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

function lifetimeFinding({ lifetime, format }: Policy): Finding {
  const { idle, permanent, absolute, assuranceLevel: level } = lifetime
  const away = permanent === idle ? span(idle) : `${span(idle)}, permanent ones ${span(permanent)},`
  const atLast = absolute === null ? '' : `, all after ${span(absolute)}`
  const says = `Sessions end after ${away} without a request${atLast}`
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

function encryptionFinding({ encryption, format, store }: Policy): Finding {
  const { of, migrateUntil, from } = encryption
  const isAhead = (date: string | null) => date !== null && Date.parse(date) > Date.now()
  const doubt = (says: string, remedy: string) => warn('encryption', says, remedy)
  if (isAhead(from)) {
    const remedy = 'Leave encrypt.from out once every server has this configuration.'
    return doubt(`Nothing is encrypted before ${from}.`, remedy)
  }
  if (isAhead(migrateUntil)) {
    const says = `Encrypted, and until ${migrateUntil} what was written before still opens unencrypted.`
    return doubt(says, 'encrypt: true, once that has passed.')
  }
  if (of === 'rows') return pass('encryption', 'Whoever reads the store cannot read the sessions.')
  if (of === 'cookie') return pass('encryption', 'Nobody without the secret can read the cookie.')
  const remedy =
    format === 'flask'
      ? 'Keep nothing private in it.'
      : 'encrypt: true, or keep nothing private in it.'
  return store
    ? doubt('Whoever reads the store, a backup of it too, can read what sessions hold.', remedy)
    : doubt('The cookie can be read by whoever holds it: signed is not secret.', remedy)
}

function logoutFinding(isFlask: boolean): Finding {
  return warn(
    'logout',
    'A logout empties the browser; a copy of the cookie opens until its lifetime is over.',
    isFlask
      ? 'Keep the lifetime short.'
      : "A store: then every session can be ended, and all of a user's at once.",
  )
}

function storeFindings(policy: StorePolicy, engine: string): Finding[] {
  const { rotate, grace, onReplay, maxSessionsPerUser: most, onLimit, deadlines } = policy
  const renewed = rotate === null ? 'only by regenerate()' : `after ${span(rotate)}`
  const replayed = onReplay === 'end' ? 'its session ends' : 'it is reported'
  const over = onLimit === 'reject' ? 'is refused' : 'ends the oldest'
  const without =
    policy.onUnavailable === 'error'
      ? 'the answer is 503'
      : 'everybody is anonymous and nothing is written'
  const findings = [
    pass('logout', 'It ends the session on the server: a copy of the cookie opens nothing.'),
    pass(
      'ids',
      `New at each login, and the one before opens nothing from then on. Otherwise renewed ${renewed}: then the old one opens for ${span(grace)} more, and shown later ${replayed}.`,
    ),
    consider('limit', most !== null, `${most} sessions a user; one more ${over}.`, [
      'A user may have any number of sessions at a time.',
      'maxSessionsPerUser: 5, say, or note the reason.',
    ]),
    pass(
      'outage',
      `Without the store ${without}, after ${span(deadlines.read)} at a read and ${span(deadlines.write)} at a write.`,
    ),
  ]
  if (engine !== 'memory') return findings
  const says = 'Sessions end with the process, and no other process knows them.'
  const remedy = 'sqliteStore(db), redisStore(client) or postgresStore(pool).'
  return [warn('store', says, remedy), ...findings]
}

function algorithmsOf({ algorithms }: Policy): string {
  return Object.entries(algorithms)
    .map(([use, algorithm]) => `${use}: ${algorithm}`)
    .join('; ')
}
