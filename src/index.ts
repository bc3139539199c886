/** The public API of `sojourn`: `createSessions`, `SessionError`, the lifetime presets and all types. */

export { type Duration } from './base/duration.ts'
export {
  type KeySize,
  type SchemaIssue,
  SessionError,
  type SessionErrorCode,
} from './base/errors.ts'
export { type Clock } from './base/ports.ts'
export { type Secret } from './crypto/keyring.ts'
export { type Tag, UNREADABLE } from './record/text/tag.ts'
export { REMOVE } from './record/changes.ts'
export { type Flash } from './record/record.ts'
export {
  type Kept,
  type Markup,
  type Storable,
  type Tuple,
  type Uuid,
} from './record/text/values.ts'
export { aal1, aal2, aal3, type AssuranceLevel } from './session/setup/assurance.ts'
export { type GivenToken } from './session/csrf/csrf.ts'
export { type EncryptOptions } from './session/setup/encryption.ts'
export {
  type CsrfRefusal,
  type EventContext,
  type EventFacts,
  type EventListener,
  type LossCause,
  type RevocationCall,
  type SessionEvent,
} from './session/explain/events.ts'
export { type EventOptions } from './session/explain/event-context.ts'
export {
  type CommitMessage,
  type CommitOutcome,
  type EventMessage,
  type OpenMessage,
  type OpenOutcome,
} from './session/explain/channel-messages.ts'
export { type Rejection } from './backends/backend.ts'
export { type StoreCallMessage } from './backends/stored/observed-store.ts'
export { safeNext } from './http/safe-next.ts'
export { type RequestFacts } from './http/request-facts.ts'
export { type SessionOptions } from './session/setup/options.ts'
export {
  type CookieOptions,
  type LifetimeOptions,
  type SessionLifetime,
} from './session/setup/own-preset.ts'
export { type Migrate } from './session/schema/migration.ts'
export { type SchemaOptions } from './session/schema/schema-options.ts'
export {
  type DataOf,
  type SchemaResult,
  type SessionSchema,
  type StandardSchema,
} from './session/schema/standard-schema.ts'
export { type Policy } from './session/setup/policy.ts'
export { type Session } from './session/session.ts'
export { createSessions } from './session/create-sessions.ts'
export { type Sessions, type StoredSessions } from './session/sessions.ts'
export { type CloseOptions, type Unfinished } from './session/close.ts'
export { type EndedListener } from './session/on-ended.ts'
export { type SignedInOptions, type SignedInSession } from './session/signed-in.ts'
export { type LoginRequiredOptions } from './session/login-required.ts'
export { type GuardName, type Refuser } from './session/guards.ts'
export { type SecretUse } from './session/state.ts'
export {
  type BackendStore,
  type DropCause,
  type EndCause,
  type Revocation,
  type SessionInfo,
  type StoreLoad,
  type StoreOptions,
  type StorePolicy,
} from './backends/store-backend.ts'
export {
  type AcrossSessions,
  type ListedSession,
  type StoreStatus,
  type WaitOptions,
} from './session/stored-sessions.ts'
export {
  type Admission,
  type Limit,
  type Owners,
  type Row,
  type SessionStore,
  type Store,
  type StoreVerbs,
  type Swap,
  type Upkeep,
  type Watching,
} from './backends/stored/store.ts'
export { type Visit } from './session/visit.ts'
export { type Outgoing } from './http/headers.ts'
