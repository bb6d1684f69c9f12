import {
  createHash,
  createPrivateKey,
  createPublicKey,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto'
import { canonicalJson, type Json } from '../src/domain/canonical.js'
import type { Envelope } from '../src/schema/statement.js'

/** A key that can sign, and the name under which others know it: `api:`, `person:`, `attestation:` or `log:` and 16 hexadecimal digits. */
export interface Signer {
  readonly keyid: string
  readonly key: KeyObject
}

/** The first 16 hexadecimal digits of the SHA-256 of a public key's SPKI DER. */
export function keyFingerprint(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(der).digest('hex').slice(0, 16)
}

/** A signer from a private key in PEM (PKCS8): Ed25519, or ECDSA on P-256, P-384 or P-521. */
export function signerFromPem(role: string, pem: string): Signer {
  const key = createPrivateKey(pem)
  return { key, keyid: `${role}:${keyFingerprint(createPublicKey(key))}` }
}

/** The DSSE pre-authentication encoding, version 1 (https://github.com/secure-systems-lab/dsse/blob/master/protocol.md). */
export function preAuthenticationEncoding(payloadType: string, payload: Uint8Array): Buffer {
  const type = Buffer.from(payloadType, 'utf8')
  const head = `DSSEv1 ${type.length} ${payloadType} ${payload.length} `
  return Buffer.concat([Buffer.from(head, 'utf8'), payload])
}

const ecHashes: Readonly<Record<string, string>> = {
  prime256v1: 'sha256',
  secp384r1: 'sha384',
  secp521r1: 'sha512',
}

/** Ed25519 takes no hash; for ECDSA the hash follows the curve. Undefined: a kind of key that we refuse. */
function hashFor(key: KeyObject): string | null | undefined {
  if (key.asymmetricKeyType === 'ed25519') return null
  if (key.asymmetricKeyType !== 'ec') return undefined
  return ecHashes[key.asymmetricKeyDetails?.namedCurve ?? '']
}

/** Signs bytes; Ed25519, or ECDSA in DER. @throws TypeError for any other kind of key */
export function signBytes(key: KeyObject, bytes: Uint8Array): string {
  const hash = hashFor(key)
  if (hash === undefined)
    throw new TypeError('only Ed25519 and ECDSA P-256, P-384, P-521 keys sign')
  return sign(hash, bytes, key).toString('base64')
}

/** Whether a signature (base64) is of these bytes and this key. Never throws; anything odd is no. */
export function isSignatureOf(key: KeyObject, bytes: Uint8Array, signature: string): boolean {
  const hash = hashFor(key)
  if (hash === undefined) return false
  try {
    return verify(hash, bytes, key, Buffer.from(signature, 'base64'))
  } catch {
    return false
  }
}

/** Puts a payload, as RFC 8785 JSON, into a DSSE envelope with one signature. */
export function seal(signer: Signer, payloadType: string, payload: Json): Envelope {
  const bytes = Buffer.from(canonicalJson(payload), 'utf8')
  const sig = signBytes(signer.key, preAuthenticationEncoding(payloadType, bytes))
  return {
    payloadType,
    payload: bytes.toString('base64'),
    signatures: [{ keyid: signer.keyid, sig }],
  }
}

/**
 * The payload bytes of an envelope whose one signature is of one of these keys; null where it is of none.
 * Whoever parses them parses the bytes that were signed.
 */
export function openEnvelope(
  envelope: Envelope,
  payloadType: string,
  keys: readonly KeyObject[],
): Buffer | null {
  const [signature, second] = envelope.signatures
  if (!signature || second || envelope.payloadType !== payloadType) return null
  const payload = Buffer.from(envelope.payload, 'base64')
  if (payload.toString('base64') !== envelope.payload) return null
  const bytes = preAuthenticationEncoding(payloadType, payload)
  return keys.some((key) => isSignatureOf(key, bytes, signature.sig)) ? payload : null
}
