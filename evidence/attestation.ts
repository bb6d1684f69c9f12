import { z } from 'zod'
import type { KeyObject } from 'node:crypto'
import type { Digest, Json } from '../src/domain/canonical.js'
import type { Envelope } from '../src/schema/statement.js'
import { openEnvelope, seal, type Signer } from './dsse.js'

/** The payload type of every attestation (in-toto attestation framework, DSSE envelope). */
export const inTotoPayloadType = 'application/vnd.in-toto+json'

const ours = 'https://countersign.dev/attestation'

export const predicateTypes = {
  check: `${ours}/check/v1`,
  decision: `${ours}/decision/v1`,
  /** https://slsa.dev/spec/v1.1/verification_summary */
  verdict: 'https://slsa.dev/verification_summary/v1',
} as const

/** An in-toto Statement v1 about one model; matched by digest only, never by name. */
export const inTotoStatement = z.looseObject({
  _type: z.literal('https://in-toto.io/Statement/v1'),
  subject: z
    .array(z.looseObject({ name: z.string(), digest: z.looseObject({ sha256: z.string() }) }))
    .length(1),
  predicateType: z.string(),
  predicate: z.json(),
})

export interface AttestationParts {
  readonly name: string
  readonly modelDigest: Digest
  readonly predicateType: string
  readonly predicate: Json
}

/** Signs an in-toto Statement v1 (https://github.com/in-toto/attestation) about a model's bytes. */
export function attest(signer: Signer, parts: AttestationParts): Envelope {
  return seal(signer, inTotoPayloadType, {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: parts.name, digest: { sha256: parts.modelDigest.slice('sha256:'.length) } }],
    predicateType: parts.predicateType,
    predicate: parts.predicate,
  })
}

/**
 * The predicate of an attestation that one of these keys signed about exactly this model; null where anything differs.
 */
export function attestedPredicate(
  envelope: Envelope,
  keys: readonly KeyObject[],
  modelDigest: Digest,
  predicateType: string,
): Json | null {
  const payload = openEnvelope(envelope, inTotoPayloadType, keys)
  if (!payload) return null
  const parsed = inTotoStatement.safeParse(JSON.parse(payload.toString('utf8')))
  if (!parsed.success || parsed.data.predicateType !== predicateType) return null
  const [subject] = parsed.data.subject
  const isSame = `sha256:${subject?.digest.sha256 ?? ''}` === modelDigest
  return isSame ? parsed.data.predicate : null
}
