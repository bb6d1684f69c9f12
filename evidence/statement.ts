import type { KeyObject } from 'node:crypto'
import {
  canonicalJson,
  digestOf,
  digestOfJson,
  type Digest,
  type Json,
} from '../src/domain/canonical.js'
import { isoOf } from '../src/domain/time.js'
import type { PromotionId } from '../src/schema/ids.js'
import {
  statementPayloadType,
  type Act,
  type Envelope,
  type SignedStatement,
  type Statement,
} from '../src/schema/statement.js'
import { isSignatureOf, preAuthenticationEncoding, signBytes, type Signer } from './dsse.js'

/** What a new statement is made of. `now` in ms since the Unix epoch; it is good for ten minutes from then. */
export interface StatementParts {
  readonly installation: Statement['installation']
  readonly promotion: PromotionId
  readonly act: Act
  readonly body: Json
  readonly person: string
  readonly nonce: string
  readonly now: number
  readonly development: boolean
}

const goodForMs = 10 * 60_000

/** The statement of one act, ready to be signed. */
export function statementOf(parts: StatementParts): Statement {
  return {
    v: 'countersign-statement/1',
    installation: parts.installation,
    promotion: parts.promotion,
    act: parts.act,
    bodyDigest: digestOfJson(parts.body),
    person: parts.person,
    nonce: parts.nonce,
    issued: isoOf(parts.now),
    notAfter: isoOf(parts.now + goodForMs),
    ...(parts.development && { development: true as const }),
  }
}

function signedBytes(statement: Statement): Buffer {
  const payload = Buffer.from(canonicalJson(statement), 'utf8')
  return preAuthenticationEncoding(statementPayloadType, payload)
}

/** Signs a statement; the signer's key id must begin with `api:` or `person:`. */
export function signStatement(signer: Signer, statement: Statement): SignedStatement {
  const sig = signBytes(signer.key, signedBytes(statement))
  return { statement, signature: { keyid: signer.keyid, sig } }
}

/** Whether a statement was signed with one of these keys. */
export function isSignedBy(signed: SignedStatement, keys: readonly KeyObject[]): boolean {
  const bytes = signedBytes(signed.statement)
  return keys.some((key) => isSignatureOf(key, bytes, signed.signature.sig))
}

/** The DSSE envelope of a signed statement, as other people's tools read it. */
export function envelopeOf(signed: SignedStatement): Envelope {
  return {
    payloadType: statementPayloadType,
    payload: Buffer.from(canonicalJson(signed.statement), 'utf8').toString('base64'),
    signatures: [signed.signature],
  }
}

/** The id of the promotion that a person's Idempotency-Key stands for, in one installation. */
export function promotionIdOf(installation: string, person: string, key: string): PromotionId {
  return `prm_${digestOfJson({ installation, key, person }).slice('sha256:'.length, 'sha256:'.length + 32)}`
}

/** The update id of an act: the same for a retry, another for anything else. */
export function updateIdOf(promotion: string, person: string, nonce: string): string {
  return digestOfJson({ nonce, person, promotion })
}

/** The salted commitment to a person's words that statements and events carry instead of the words. */
export function textDigest(record: { readonly salt: string; readonly text: string }): Digest {
  return digestOf(canonicalJson({ salt: record.salt, text: record.text }))
}
