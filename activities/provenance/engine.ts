import { digestOf, type Digest, type Json } from '../../src/domain/canonical.js'
import { PromotionError } from '../../src/domain/errors.js'
import type { Finding } from '../../src/schema/check.js'
import type { ProvenanceClause } from '../../src/schema/governance.js'
import type { CheckAnswer, CheckRun, ModelFiles } from '../check.js'
import { findingOf, orderedFindings } from '../finding.js'
import { preAuthenticationEncoding } from '../../evidence/dsse.js'
import { BundleRefused, parseBundle, payloadType, type Bundle } from './bundle.js'
import { coverageFindings } from './coverage.js'
import {
  assertedSignerKey,
  isSignedBy,
  signerKey,
  type SignerKey,
  type TrustedSigner,
} from './keys.js'
import { oldFormat, oldPredicateType, parseStatement, type SignedStatement } from './statement.js'

const engine = { name: 'countersign-provenance', version: '1' }

/** What the check is told beside the model: who may sign, and what the registry says of the training run. */
export interface ProvenanceContext {
  /** All signers of the governance set; the clause says which of them count. */
  readonly signers: readonly TrustedSigner[]
  /** What the registry tells of where the version comes from; null where it tells nothing. */
  readonly lineage: { readonly runId: string | null } | null
}

/** What could be established of the signature; null for what could not. */
interface Established {
  readonly key: SignerKey | null
  readonly statement: SignedStatement | null
  readonly findings: readonly Finding[]
}

function unsigned(): Finding {
  return findingOf({
    rule: 'provenance/unsigned',
    about: null,
    severity: 'high',
    what: 'The version holds no model.sig: nobody signed this model.',
    why: 'Without a signature, nobody can tell who made these bytes or whether they were exchanged since.',
    remedy:
      'Have its maker sign the folder (model_signing sign key) and register it again with its model.sig.',
  })
}

function untrusted(known: string | null): Finding {
  return findingOf({
    rule: 'provenance/untrusted-signer',
    about: known,
    severity: 'high',
    what:
      known === null
        ? 'The signature names a key that the governance set does not know.'
        : `The signature is valid, and by signer "${known}", whom the policy does not name.`,
    why: 'A valid signature by somebody else proves that somebody else made the model.',
    remedy: 'Have a signer that the policy names sign the model, or have the policy name this one.',
  })
}

function badSignature(signer: string): Finding {
  return findingOf({
    rule: 'provenance/bad-signature',
    about: 'model.sig',
    severity: 'critical',
    what: `The signature names the key of "${signer}", and that key did not make it.`,
    why: 'What was signed has been changed, or somebody tries to pass for this signer.',
    remedy: 'Find out where the file comes from; then have the signer sign the model again.',
    waivable: false,
  })
}

function lineageMissing(): Finding {
  return findingOf({
    rule: 'provenance/lineage-missing',
    about: null,
    severity: 'high',
    what: 'The registry does not name the training run that made this version.',
    why: 'Without it, nobody can tell from which code and data the model comes, nor who must not approve it.',
    remedy:
      'Register the version from its training run, so that the registry keeps the run with it.',
  })
}

/**
 * The keys to try. Of the signers that the policy does not name, a key of another kind is left aside: it could sign no
 * model anyway.
 *
 * @throws PromotionError `GOVERNANCE_INVALID` when the clause names a signer that the set does not hold
 */
function keysOf(clause: ProvenanceClause, signers: readonly TrustedSigner[]): SignerKey[] {
  const missing = clause.signers.find((id) => !signers.some((signer) => signer.id === id))
  if (missing !== undefined) {
    throw new PromotionError(
      'GOVERNANCE_INVALID',
      `the policy names signer "${missing}", whom the governance set does not hold`,
      {
        remedy: 'Add the signer with their key to governance.yaml, or take them out of the policy.',
      },
    )
  }
  return signers.flatMap((signer) => {
    if (clause.signers.includes(signer.id)) return [assertedSignerKey(signer)]
    return signerKey(signer) ?? []
  })
}

/** Only a look for the reason of a refusal: nothing is believed of bytes that did not verify. */
function isOldFormat(bundle: Bundle): boolean {
  return Buffer.from(bundle.payload).includes(oldPredicateType)
}

/** The key that made the signature, among those with the hint that the bundle names; several signers may share one. */
function verifyingKey(
  bundle: Bundle,
  keys: readonly SignerKey[],
  named: ReadonlySet<string>,
): SignerKey {
  const hinted = keys.filter(({ hint }) => hint === bundle.hint)
  const [first] = hinted
  if (isOldFormat(bundle)) throw oldFormat()
  if (first === undefined) throw new BundleRefused(untrusted(null))
  const signed = preAuthenticationEncoding(payloadType, bundle.payload)
  if (!isSignedBy(first, signed, bundle.signature))
    throw new BundleRefused(badSignature(first.signer.id))
  const trusted = hinted.find(({ signer }) => named.has(signer.id))
  if (trusted === undefined) throw new BundleRefused(untrusted(first.signer.id))
  return trusted
}

async function establish(
  files: ModelFiles,
  bytes: Uint8Array,
  keys: readonly SignerKey[],
  more: { readonly named: ReadonlySet<string>; readonly run: CheckRun },
): Promise<Established> {
  let key: SignerKey | null = null
  try {
    const bundle = parseBundle(bytes)
    key = verifyingKey(bundle, keys, more.named)
    const statement = parseStatement(bundle.payload)
    return { key, statement, findings: await coverageFindings(files, statement, more.run) }
  } catch (error) {
    if (!(error instanceof BundleRefused)) throw error
    return { key, statement: null, findings: [error.finding] }
  }
}

function resultOf({ key, statement }: Established, lineage: ProvenanceContext['lineage']): Json {
  const signer = key && {
    method: 'key',
    signer: key.signer.id,
    signerPerson: key.signer.person,
    keyFingerprint: `sha256:${key.hint}`,
  }
  return {
    ...(signer ?? { method: null, signer: null, signerPerson: null, keyFingerprint: null }),
    signingRootDigest: statement && `sha256:${statement.rootDigest}`,
    resources: statement?.resources.length ?? 0,
    lineage: { runId: lineage?.runId ?? null },
  }
}

/** Only the keys that count: a signer who joins for another model changes nothing here. */
function inputsOf(
  bytes: Uint8Array | null,
  named: ReadonlySet<string>,
  signers: readonly TrustedSigner[],
): { [name: string]: Digest } {
  const counted = signers.filter(({ id }) => named.has(id))
  const keys = counted.map(
    ({ id, publicKeyPem }) => [`signer:${id}`, digestOf(publicKeyPem)] as const,
  )
  const signature = bytes === null ? [] : [['model.sig', digestOf(bytes)] as const]
  return Object.fromEntries([...signature, ...keys])
}

function summaryOf({ key, statement }: Established, findings: readonly Finding[]): string {
  const [first] = findings
  if (first !== undefined)
    return `${findings.length} ${findings.length === 1 ? 'finding' : 'findings'}; first: ${first.what}`.slice(
      0,
      300,
    )
  return `signed by ${key?.signer.id ?? 'nobody'}, ${statement?.resources.length ?? 0} files exactly as signed`.slice(
    0,
    300,
  )
}

/**
 * Proves who signed the model and that it is exactly what they signed: an OpenSSF Model Signing v1.0 bundle, made with
 * a key that the policy names, over these files and no others.
 *
 * @throws PromotionError `GOVERNANCE_INVALID`, `SNAPSHOT_UNSTABLE`
 */
export async function checkProvenance(
  files: ModelFiles,
  clause: ProvenanceClause,
  context: ProvenanceContext,
  run: CheckRun,
): Promise<CheckAnswer> {
  run.signal.throwIfAborted()
  run.onProgress('verifying the signature')
  const named = new Set(clause.signers)
  const keys = keysOf(clause, context.signers)
  const bytes = await files.signature()
  const established: Established =
    bytes === null
      ? { key: null, statement: null, findings: [unsigned()] }
      : await establish(files, bytes, keys, { named, run })
  const isLineageMissing = clause.requireLineage && (context.lineage?.runId ?? null) === null
  const findings = orderedFindings('provenance/more-findings', [
    ...established.findings,
    ...(isLineageMissing ? [lineageMissing()] : []),
  ])
  return {
    outcome: findings.length === 0 ? 'passed' : 'failed',
    findings,
    inputs: inputsOf(bytes, named, context.signers),
    result: resultOf(established, context.lineage),
    summary: summaryOf(established, findings),
    engine,
  }
}
