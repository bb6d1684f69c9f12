import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { PromotionError } from '../../src/domain/errors.js'
import type { ManifestEntry } from '../check.js'
import { preAuthenticationEncoding } from '../../evidence/dsse.js'
import { bundleMediaType, payloadType } from './bundle.js'
import { hashOfKey, keyHint } from './keys.js'
import { ignorablePaths, predicateType, rootDigestOf, statementType } from './statement.js'

function statementOf(manifest: readonly ManifestEntry[], subjectName: string) {
  const resources = manifest
    .filter(({ path }) => path !== 'model.sig')
    .map(({ path, sha256 }) => ({ name: path, algorithm: 'sha256', digest: sha256 }))
  return {
    _type: statementType,
    subject: [{ name: subjectName, digest: { sha256: rootDigestOf(resources) } }],
    predicateType,
    predicate: {
      serialization: {
        method: 'files',
        hash_type: 'sha256',
        allow_symlinks: false,
        ignore_paths: ignorablePaths,
      },
      resources,
    },
  }
}

/**
 * Signs a model's files as OpenSSF Model Signing v1.0 does with a key, over SHA-256 of whole files. The answer is the
 * content of `model.sig`, to be laid at the model's root; Python's `model_signing` verifies it.
 *
 * @param privateKeyPem an unencrypted private key on P-256, P-384 or P-521
 * @param subjectName what the signature calls the model; it informs and proves nothing
 * @throws PromotionError `MALFORMED` for a model without files or a key of another kind
 */
export function signModel(
  manifest: readonly ManifestEntry[],
  privateKeyPem: string,
  subjectName = 'model',
): Uint8Array {
  const privateKey = createPrivateKey(privateKeyPem)
  const publicKey = createPublicKey(privateKey)
  const hash = hashOfKey(publicKey)
  if (hash === null) {
    throw new PromotionError('MALFORMED', 'the key does not lie on P-256, P-384 or P-521', {
      remedy: 'Make one with: openssl ecparam -name prime256v1 -genkey -noout',
    })
  }
  if (manifest.length === 0) {
    throw new PromotionError('MALFORMED', 'there is no file to sign', {
      remedy: 'Name the folder that holds the model.',
    })
  }
  const payload = Buffer.from(JSON.stringify(statementOf(manifest, subjectName)))
  const key = { key: privateKey, dsaEncoding: 'der' } as const
  const signature = sign(hash, preAuthenticationEncoding(payloadType, payload), key)
  const bundle = {
    mediaType: bundleMediaType,
    verificationMaterial: { publicKey: { hint: keyHint(publicKey) }, tlogEntries: [] },
    dsseEnvelope: {
      payload: payload.toString('base64'),
      payloadType,
      signatures: [{ sig: signature.toString('base64'), keyid: '' }],
    },
  }
  return Buffer.from(JSON.stringify(bundle))
}
