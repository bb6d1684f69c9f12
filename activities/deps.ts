import type { KeyObject } from 'node:crypto'
import type { Signer } from '../evidence/dsse.js'
import type { EvidenceStore } from '../evidence/store.js'
import type { EventLog, Notes, TextStore } from '../recorder/event-log.js'
import type { GovernanceSet } from '../src/domain/policy.js'
import type { InstallationId } from '../src/schema/ids.js'
import type { Timing } from './activities.js'
import type { AliasWriter, ModelRegistry } from './registry/registry.js'
import type { RunKeeper } from './revive-runs.js'
import type { SnapshotStore } from './snapshot/store.js'

/** The governance set in force and the keys that it names, by file. */
export interface GovernanceInForce {
  readonly set: GovernanceSet
  /** SPKI PEM by the file's path in the set. */
  readonly keys: ReadonlyMap<string, string>
}

export interface GovernanceReader {
  /** @throws PromotionError `GOVERNANCE_INVALID` */
  current(): Promise<GovernanceInForce>
}

export interface InstallationFacts {
  readonly id: InstallationId
  readonly development: boolean
  /** With which the API's statements are proven. */
  readonly apiKey: KeyObject
  readonly attestationKey: KeyObject
}

/** What worker and release worker both read. */
export interface SharedDeps {
  readonly log: EventLog
  readonly evidence: EvidenceStore
  readonly registry: ModelRegistry
  readonly governance: GovernanceReader
  readonly installation: InstallationFacts
}

export interface WorkerDeps extends SharedDeps {
  readonly runs: RunKeeper
  readonly texts: TextStore
  readonly notes: Notes
  readonly snapshots: SnapshotStore
  /** Where the data lies that policies name by digest. */
  readonly evaluationSets: string
  readonly attestation: Signer
  readonly timing: Timing
  /** How long the private copy of a candidate is kept after its promotion ended, in ms. */
  readonly snapshotKeepMs: number
  readonly evaluationLimits: { readonly deadlineMs: number; readonly memoryMb: number }
}

/** The release worker alone holds the registry's write credential. */
export interface ReleaseDeps extends SharedDeps {
  readonly aliases: AliasWriter
}
