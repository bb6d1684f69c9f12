import type { CheckReport } from '../schema/check.js'
import type { DecisionSlice, PromotionEvent } from '../schema/event.js'
import type { Champion, Membership, Rules } from '../schema/rules.js'
import type { Act, AssuranceLevel, CheckName, Verdict } from '../schema/statement.js'
import type { Digest } from './canonical.js'

/** Where a promotion stands. `none`: nothing is recorded yet. The last five are ends. */
export type Phase =
  | 'none'
  | 'snapshotting'
  | 'checking'
  | 'blocked'
  | 'awaiting-sign-off'
  | 'promoting'
  | 'promoted'
  | 'rejected'
  | 'failed'
  | 'expired'
  | 'cancelled'

const ends: ReadonlySet<Phase> = new Set(['promoted', 'rejected', 'failed', 'expired', 'cancelled'])

export function isEnded(phase: Phase): boolean {
  return ends.has(phase)
}

/** One check under one clause. `report` is null while it has to run, or to run again. */
export interface CheckState {
  readonly check: CheckName
  readonly clauseDigest: Digest
  /** Counts from 1; a rerun adds one. */
  readonly attempt: number
  readonly report: CheckReport | null
  /** In ms since the Unix epoch; when it was asked for, then when it was completed. */
  readonly since: number
}

export interface SignOff {
  readonly person: string
  readonly seat: string
  readonly verdict: Verdict
  readonly decisionDigest: Digest
  readonly reason: Digest
  readonly conditions: Digest | null
  readonly level: AssuranceLevel
  readonly at: number
}

/** A waiver of a finding or an acceptance of an inconclusive result; `until` in ms since the Unix epoch. */
export interface Concession {
  readonly kind: 'waiver' | 'acceptance'
  readonly check: CheckName
  /** The finding's id of a waiver, the result's digest of an acceptance. */
  readonly of: string
  readonly person: string
  readonly until: number
  readonly digest: Digest
}

/** What was answered to a person's act, so that a repeat of the same statement gets the same answer. */
export interface PastAct {
  readonly act: Act
  readonly bodyDigest: Digest
  /** Null: accepted. */
  readonly refusal: { readonly code: string; readonly detail: string } | null
}

export interface Excluded {
  readonly person: string
  readonly why: string
}

export interface PromotionState {
  /** The sequence number that the next event of the stream will get. */
  readonly nextSeq: number
  readonly phase: Phase
  /** When the phase began, in ms since the Unix epoch. */
  readonly since: number
  readonly promotion: string
  readonly installation: string
  readonly model: string
  readonly version: string
  readonly environment: string
  readonly requester: string
  readonly sponsor: string | null
  readonly reason: Digest | null
  readonly development: boolean
  readonly requestedAt: number
  /** The rules pinned at the request and those of the set in force; both must be satisfied. */
  readonly pinned: Rules
  readonly inForce: Rules
  readonly membership: Membership
  readonly excluded: readonly Excluded[]
  readonly champion: Champion
  readonly snapshot: {
    readonly modelDigest: Digest
    readonly signatureDigest: Digest | null
    readonly files: number
    readonly sizeBytes: number
  } | null
  readonly checks: readonly CheckState[]
  readonly concessions: readonly Concession[]
  readonly signOffs: readonly SignOff[]
  /** Every slice that a signature was ever asked for, by decision digest: they tell what changed since. */
  readonly slices: { readonly [decisionDigest: string]: DecisionSlice }
  /** When owners were first asked; the time to decide runs from here and never starts again. */
  readonly askedAt: number | null
  readonly reruns: number
  readonly refusals: number
  readonly acts: { readonly [personAndNonce: string]: PastAct }
  /** Who fills which seat, as it was recorded last. */
  readonly assigned: Extract<PromotionEvent, { type: 'release-ready' }>['body']['seats']
  /** True from `release-started` until it stopped: the alias may be moving, so nothing else may be decided. */
  readonly releasing: boolean
  readonly releaseAttempts: number
  readonly end: { readonly code: string; readonly detail: string } | null
  readonly promoted: {
    readonly from: string | null
    readonly aliasSeq: number
    readonly approvedUntil: string
  } | null
}

const noRules: Rules = {
  governance: { digest: `sha256:${'0'.repeat(64)}`, sequence: 0 },
  policy: 'none',
  tier: 'none',
  checks: [],
  seats: [],
  waivers: null,
  clocks: { decideMs: 0, useMs: 0, mendWithinMs: 0, approvalHoldsMs: 0 },
  limits: { reruns: 0 },
}

/** The state before the first event. */
export const nothingYet: PromotionState = {
  nextSeq: 0,
  phase: 'none',
  since: 0,
  promotion: '',
  installation: '',
  model: '',
  version: '',
  environment: '',
  requester: '',
  sponsor: null,
  reason: null,
  development: false,
  requestedAt: 0,
  pinned: noRules,
  inForce: noRules,
  membership: { teams: {}, owners: [] },
  excluded: [],
  champion: null,
  snapshot: null,
  checks: [],
  concessions: [],
  signOffs: [],
  slices: {},
  askedAt: null,
  reruns: 0,
  refusals: 0,
  acts: {},
  assigned: [],
  releasing: false,
  releaseAttempts: 0,
  end: null,
  promoted: null,
}

export function actKey(person: string, nonce: string): string {
  return `${person} ${nonce}`
}
