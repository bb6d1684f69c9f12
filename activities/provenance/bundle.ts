import type { Finding } from '../../src/schema/check.js'
import { findingOf } from '../finding.js'
import { isJsonObject, parseStrictJson, type JsonValue } from '../scan/formats/strict-json.js'
import { Malformed } from '../scan/verdict.js'

export const bundleMediaType = 'application/vnd.dev.sigstore.bundle.v0.3+json'
export const payloadType = 'application/vnd.in-toto+json'
const largestBundle = 64 * 1024 * 1024

export type Fields = { readonly [key: string]: JsonValue }

/** What of a bundle is needed to verify it; `payload` is what was signed, decoded once and never written again. */
export interface Bundle {
  /** SHA-256, in hexadecimal, of the PEM text of the key that is said to have signed. It names, it proves nothing. */
  readonly hint: string
  readonly payload: Uint8Array
  readonly signature: Uint8Array
}

/** A bundle, or a statement in it, that is refused for what it is: carries the finding. */
export class BundleRefused extends Error {
  override readonly name = 'BundleRefused'
  readonly finding: Finding

  constructor(finding: Finding) {
    super(finding.what)
    this.finding = finding
  }
}

/** Ends the reading of a bundle that is not as OpenSSF Model Signing v1.0 says. */
export function malformedBundle(what: string): BundleRefused {
  return new BundleRefused(
    findingOf({
      rule: 'provenance/malformed-bundle',
      about: 'model.sig',
      severity: 'critical',
      what: `The signature file is not as OpenSSF Model Signing v1.0 says: ${what}.`,
      why: 'Where two readers can understand a signature differently, it proves nothing.',
      remedy: 'Sign the model again with model_signing 1.1 or later, or with countersign.',
      waivable: false,
    }),
  )
}

function unsupported(method: string): BundleRefused {
  return new BundleRefused(
    findingOf({
      rule: 'provenance/unsupported-method',
      about: 'model.sig',
      severity: 'high',
      what: `The model is signed by ${method}, which is not supported yet; only signatures made with a key are.`,
      why: 'A signature that nobody here can verify says nothing about who made the model.',
      remedy: 'Sign the model with a key: model_signing sign key.',
    }),
  )
}

/** An object with these keys and no others; `optional` ones may be missing. */
export function exactly(
  value: JsonValue | undefined,
  what: string,
  required: readonly string[],
  optional: readonly string[] = [],
): Fields {
  if (!isJsonObject(value)) throw malformedBundle(`${what} is no object`)
  const missing = required.find((key) => !Object.hasOwn(value, key))
  if (missing !== undefined) throw malformedBundle(`${what} has no ${missing}`)
  const foreign = Object.keys(value).find(
    (key) => !required.includes(key) && !optional.includes(key),
  )
  if (foreign !== undefined) throw malformedBundle(`${what} holds the unknown field "${foreign}"`)
  return value
}

/** Strict JSON in UTF-8. */
export function jsonOf(bytes: Uint8Array, what: string): JsonValue {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return parseStrictJson(text, { depth: 32, values: 2_000_000 })
  } catch (error) {
    const reason = error instanceof Malformed ? error.message : 'it is not UTF-8'
    throw malformedBundle(`${what} is not strict JSON: ${reason}`)
  }
}

function base64Of(value: JsonValue | undefined, what: string): Uint8Array {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'base64') : null
  // Node skips what is not base64; writing the bytes again shows whether it did.
  if (bytes === null || bytes.length === 0 || bytes.toString('base64') !== value) {
    throw malformedBundle(`${what} is not base64`)
  }
  return bytes
}

/** Other kinds of material are refused by what they are. */
function assertKeyMaterial(material: Fields): void {
  const kinds = ['publicKey', 'x509CertificateChain', 'certificate'].filter((kind) =>
    Object.hasOwn(material, kind),
  )
  if (kinds.length !== 1) throw malformedBundle('there is not exactly one verification material')
  if (kinds[0] === 'x509CertificateChain') throw unsupported('a certificate chain')
  if (kinds[0] === 'certificate') throw unsupported('Sigstore, without a key of its own')
}

function assertEmptyList(value: JsonValue | undefined): void {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return
  throw unsupported('a key with transparency log entries or timestamps')
}

/** The one key that is named. */
function hintOf(value: JsonValue | undefined): string {
  if (!isJsonObject(value)) throw malformedBundle('verificationMaterial is no object')
  assertKeyMaterial(value)
  const optional = ['tlogEntries', 'timestampVerificationData']
  const material = exactly(value, 'verificationMaterial', ['publicKey'], optional)
  assertEmptyList(material['tlogEntries'])
  const times = material['timestampVerificationData'] ?? {}
  const { rfc3161Timestamps } = exactly(times, optional[1] ?? '', [], ['rfc3161Timestamps'])
  assertEmptyList(rfc3161Timestamps)
  const { hint } = exactly(material['publicKey'], 'publicKey', ['hint'])
  if (typeof hint === 'string' && /^[0-9a-f]{64}$/.test(hint)) return hint
  throw malformedBundle('the key hint is no SHA-256 in hexadecimal')
}

/**
 * Takes a bundle apart and refuses everything that the format leaves open. Proves nothing yet.
 *
 * @throws BundleRefused
 */
export function parseBundle(bytes: Uint8Array): Bundle {
  if (bytes.length > largestBundle) throw malformedBundle('it is larger than 64 MiB')
  const bundle = exactly(
    jsonOf(bytes, 'the bundle'),
    'the bundle',
    'mediaType verificationMaterial dsseEnvelope'.split(' '),
  )
  if (bundle['mediaType'] !== bundleMediaType)
    throw malformedBundle('its mediaType is not a known one')
  const hint = hintOf(bundle['verificationMaterial'])
  const envelope = exactly(bundle['dsseEnvelope'], 'dsseEnvelope', [
    'payload',
    'payloadType',
    'signatures',
  ])
  if (envelope['payloadType'] !== payloadType)
    throw malformedBundle('its payloadType is not in-toto')
  const { signatures } = envelope
  if (!Array.isArray(signatures) || signatures.length !== 1) {
    throw malformedBundle('it does not hold exactly one signature')
  }
  const { sig, keyid = '' } = exactly(signatures[0], 'the signature', ['sig'], ['keyid'])
  if (keyid !== '' && keyid !== null)
    throw malformedBundle('the signature has a keyid, which a key hint replaces')
  return {
    hint,
    payload: base64Of(envelope['payload'], 'the payload'),
    signature: base64Of(sig, 'the signature'),
  }
}
