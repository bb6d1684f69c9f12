import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto'
import { PromotionError } from '../../src/domain/errors.js'

/** A signer as the governance set knows them. */
export interface TrustedSigner {
  readonly id: string
  readonly publicKeyPem: string
  /** Whose key it is; null for a machine's. */
  readonly person: string | null
}

export interface SignerKey {
  readonly signer: TrustedSigner
  readonly key: KeyObject
  /** SHA-256 of the PEM text, in hexadecimal: what a bundle calls the hint. */
  readonly hint: string
  readonly hash: string
}

/** The hash follows the curve; no other curve signs models. */
const hashes: ReadonlyMap<string, string> = new Map([
  ['prime256v1', 'sha256'],
  ['secp384r1', 'sha384'],
  ['secp521r1', 'sha512'],
])

/** The hash that belongs to a key's curve; null for keys that cannot sign a model. */
export function hashOfKey(key: KeyObject): string | null {
  return hashes.get(key.asymmetricKeyDetails?.namedCurve ?? '') ?? null
}

/** How OpenSSF Model Signing names a key. */
export function keyHint(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'pem' }))
    .digest('hex')
}

/** The key of a signer; null for what is no ECDSA key on P-256, P-384 or P-521. */
export function signerKey(signer: TrustedSigner): SignerKey | null {
  const key = publicKeyOf(signer)
  const hash = key === null ? null : hashOfKey(key)
  return key === null || hash === null ? null : { signer, key, hint: keyHint(key), hash }
}

/** @throws PromotionError `GOVERNANCE_INVALID` for a key that can sign no model */
export function assertedSignerKey(signer: TrustedSigner): SignerKey {
  const key = signerKey(signer)
  if (key !== null) return key
  throw new PromotionError(
    'GOVERNANCE_INVALID',
    `the key of signer "${signer.id}" is no public key on P-256, P-384 or P-521`,
    { remedy: 'Put the SPKI public key of that signer, as PEM, into the governance set.' },
  )
}

function publicKeyOf(signer: TrustedSigner): KeyObject | null {
  // A private key would be turned into its public half without a word.
  if (!/^\s*-----BEGIN PUBLIC KEY-----/.test(signer.publicKeyPem)) return null
  try {
    return createPublicKey(signer.publicKeyPem)
  } catch {
    return null
  }
}

/** Whether this key made this signature (ASN.1 DER) over exactly these bytes. */
export function isSignedBy(
  { key, hash }: SignerKey,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    return verify(hash, bytes, { key, dsaEncoding: 'der' }, signature)
  } catch {
    return false
  }
}
