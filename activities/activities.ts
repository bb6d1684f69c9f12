import type { Digest } from '../src/domain/canonical.js'
import type { CheckReport } from '../src/schema/check.js'
import type { PromotionEvent } from '../src/schema/event.js'
import type { Champion, Membership, Rules } from '../src/schema/rules.js'
import type { CheckName, PromotionRequest, SignedStatement } from '../src/schema/statement.js'

type BodyOf<Type extends PromotionEvent['type']> = Extract<PromotionEvent, { type: Type }>['body']

/**
 * What the deployment chose; it travels through the history, so that a run replays whatever is configured later.
 * All in ms.
 */
export interface Timing {
  readonly heartbeatMs: number
  readonly checkMs: Readonly<Record<CheckName, number>>
  readonly snapshotMs: number
  readonly releaseMs: number
}

/** All that is recorded of one promotion. */
export interface Past {
  readonly timing: Timing
  readonly events: readonly PromotionEvent[]
}

/** What the request came to once registry and governance set were asked. */
export type Opening =
  | { readonly kind: 'facts'; readonly timing: Timing; readonly request: BodyOf<'requested'> }
  | {
      readonly kind: 'refused'
      readonly code: string
      readonly detail: string
      readonly field?: string
      readonly remedy?: string
    }

export interface RecordInput {
  readonly promotion: string
  readonly expectedSeq: number
  readonly events: readonly PromotionEvent[]
  /** The statement that the events rest on; null where no person caused them. */
  readonly proof: SignedStatement | null
  /** The rules and membership that were decided by, as a digest; compared only where there is a proof. */
  readonly decidedBy: Digest
}

/** What recording came to. Only `recorded` wrote anything. */
export type Recorded =
  | { readonly kind: 'recorded'; readonly events: readonly PromotionEvent[] }
  /** Others wrote meanwhile: fold again from the log, then decide again. */
  | { readonly kind: 'conflict' }
  /** The governance set in force is another one: observe it, then decide again. */
  | { readonly kind: 'governance-changed'; readonly rules: Rules; readonly membership: Membership }
  | { readonly kind: 'unproven'; readonly code: string; readonly detail: string }

export interface CheckInput {
  readonly promotion: string
  readonly check: CheckName
  readonly clauseDigest: Digest
  readonly modelDigest: Digest
  readonly signatureDigest: Digest | null
  readonly attempt: number
}

/** What the release worker answers. */
export type Released =
  | { readonly kind: 'moved'; readonly from: string | null; readonly aliasSeq: number }
  | { readonly kind: 'refused'; readonly code: string; readonly detail: string }
  | { readonly kind: 'governance-changed'; readonly rules: Rules; readonly membership: Membership }
  | { readonly kind: 'champion-changed'; readonly champion: Champion }
  /** The facts no longer carry the release, a waiver ended, say: settle, then see. */
  | { readonly kind: 'unsettled' }

/** Everything that the workflows ask of the world. Every one may be tried again: each says why in its docstring. */
export interface Activities {
  openPromotion(request: PromotionRequest): Promise<Opening>
  record(input: RecordInput): Promise<Recorded>
  readEvents(promotion: string): Promise<Past>
  snapshot(input: {
    readonly promotion: string
    readonly model: string
    readonly version: string
  }): Promise<BodyOf<'snapshotted'>>
  runCheck(input: CheckInput): Promise<CheckReport>
  /** A check that could not be carried out at all still leaves an attested `error`. */
  reportError(input: CheckInput, reason: string): Promise<CheckReport>
  observeAliases(): Promise<number>
  collectSnapshots(): Promise<number>
  reviveRuns(): Promise<readonly string[]>
}

/** Served by the release worker alone. It trusts no argument but the promotion's id. */
export interface ReleaseActivities {
  release(promotion: string): Promise<Released>
}
