import type { Logger } from 'pino'
import type { EvidenceStore } from '../evidence/store.js'
import type { Signer } from '../evidence/dsse.js'
import type { TokenVerifier } from '../identity/verify-token.js'
import type { ReadModel } from '../read-model/read-model.js'
import type { EventLog, Notes, TextStore } from '../recorder/event-log.js'
import type { InstallationId } from '../src/schema/ids.js'
import type { Caller } from './people.js'
import type { Promotions } from './promotions.js'

/** A public key as the evidence bundle carries it. */
export interface NamedKey {
  readonly keyid: string
  /** SPKI, PEM. */
  readonly pem: string
}

/** All that the API is made of; put together in src/main. */
export interface ApiDeps {
  readonly version: string
  readonly installation: InstallationId
  readonly development: boolean
  /** The issuer that `development` means in the owners file; null outside development. */
  readonly developmentIssuer: string | null
  readonly verifier: TokenVerifier
  readonly readModel: ReadModel
  readonly log: EventLog
  readonly texts: TextStore
  readonly notes: Notes
  readonly evidence: EvidenceStore
  readonly promotions: Promotions
  /** Signs the statements of people whose token was checked; its key id begins with `api:`. */
  readonly signer: Signer
  /** Makes the salts of reasons the same for a repeat, and unknowable to anybody else. */
  readonly saltKey: Buffer
  /** The installation's public keys, for the bundle. */
  readonly publicKeys: readonly NamedKey[]
  /** The public key of a person by its key id; null where it is not known here. */
  personKey(keyid: string): Promise<string | null>
  readonly logger: Logger
  /** The present, in ms since the Unix epoch. */
  now(): number
  /** How long an answer may wait for the read model, in ms; 10,000 where left out. */
  readonly patienceMs?: number
  /** How long one stream of events lasts, in ms; ten minutes where left out. */
  readonly streamMs?: number
}

/** What one request carries through its middleware. */
export interface ApiEnv {
  Variables: { requestId: string; caller: Caller }
}
