import { attest, predicateTypes } from '../evidence/attestation.js'
import type { Digest, Json } from '../src/domain/canonical.js'
import { fold } from '../src/domain/evolve.js'
import type { PromotionState } from '../src/domain/promotion.js'
import type { PromotionEvent } from '../src/schema/event.js'
import type { RecordedEvent } from '../recorder/event-log.js'
import type { WorkerDeps } from './deps.js'
import { readPromotion } from './streams.js'

const decisions: ReadonlySet<PromotionEvent['type']> = new Set([
  'signed-off',
  'waived',
  'accepted',
  'withdrawn',
  'rerun-requested',
  'cancelled',
  'rejected',
  'failed',
  'expired',
])

function subjectName(state: PromotionState): string {
  return `${state.model}@${state.version}`
}

async function keep(
  { evidence, attestation }: WorkerDeps,
  state: PromotionState,
  modelDigest: Digest,
  name: string,
  predicateType: string,
  predicate: Json,
): Promise<void> {
  const parts = { name: subjectName(state), modelDigest, predicateType, predicate }
  const digest = await evidence.put(attest(attestation, parts))
  await evidence.attach(state.promotion, name, digest)
}

/** The verdict as SLSA verification summary (https://slsa.dev/spec/v1.1/verification_summary). */
function summaryOf(
  state: PromotionState,
  event: Extract<PromotionEvent, { type: 'promoted' }>,
  inputs: readonly Digest[],
): Json {
  return {
    verifier: { id: `https://countersign.dev/installation/${state.installation}` },
    timeVerified: event.at,
    resourceUri: `countersign:${encodeURIComponent(state.environment)}/${encodeURIComponent(state.model)}/${encodeURIComponent(state.version)}`,
    policy: {
      uri: `countersign:policy/${state.inForce.policy}`,
      digest: { sha256: state.inForce.governance.digest.slice('sha256:'.length) },
    },
    inputAttestations: inputs.map((digest) => ({
      digest: { sha256: digest.slice('sha256:'.length) },
    })),
    verificationResult: 'PASSED',
    verifiedLevels: [],
    slsaVersion: '1.1',
    'https://countersign.dev/attestation/promotion': state.promotion,
    'https://countersign.dev/attestation/approved-until': event.body.approvedUntil,
    'https://countersign.dev/attestation/development': state.development,
  }
}

/**
 * Leaves an attestation of each decision and of the verdict, attached to the promotion. Ed25519 and RFC 8785 give the
 * same bytes again, so a retry doubles nothing.
 */
export async function attestDecisions(
  deps: WorkerDeps,
  promotion: string,
  recorded: readonly RecordedEvent[],
): Promise<void> {
  const types = recorded.map(({ leaf }) => leaf.type)
  if (!types.some((type) => type === 'promoted' || isDecision(type))) return
  const events = await readPromotion(deps.log, promotion)
  const state = fold(events)
  if (!state.snapshot) return
  const { modelDigest } = state.snapshot
  for (const { leaf, body } of recorded) {
    const event = events[leaf.seq]
    const name = `${String(leaf.seq).padStart(6, '0')}-${leaf.type}`
    if (event?.type === 'promoted') {
      const inputs = state.checks.flatMap(({ report }) => report?.attestationDigest ?? [])
      const summary = summaryOf(state, event, inputs)
      await keep(deps, state, modelDigest, name, predicateTypes.verdict, summary)
    } else if (isDecision(leaf.type)) {
      const predicate = { leaf: { ...leaf }, body, development: state.development }
      await keep(deps, state, modelDigest, name, predicateTypes.decision, predicate)
    }
  }
}

function isDecision(type: string): boolean {
  return [...decisions].some((one) => one === type)
}
