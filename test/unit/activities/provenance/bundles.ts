import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
} from 'node:crypto'
import type { ManifestEntry, ModelFiles } from '../../../../activities/check.js'
import {
  checkProvenance,
  type ProvenanceContext,
} from '../../../../activities/provenance/engine.js'
import { memoryFiles, quietRun, type Content } from '../scan/builders.js'

export const curves = ['P-256', 'P-384', 'P-521'] as const
const hashes = { prime256v1: 'sha256', secp384r1: 'sha384', secp521r1: 'sha512' } as const

export interface Pair {
  readonly privatePem: string
  readonly publicPem: string
}

export function pairOn(namedCurve: string): Pair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve })
  return {
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  }
}

export const contents: { readonly [path: string]: Content } = {
  'model.onnx': 'weights',
  'sub/a.json': '{}',
  'sub/a:b.txt': 'colon',
}

/** The files of a model with this signature beside them. */
export function signedFiles(signature: Uint8Array | null, files = contents): ModelFiles {
  return memoryFiles(signature === null ? files : { ...files, 'model.sig': signature })
}

export function manifestOf(files = contents): readonly ManifestEntry[] {
  return memoryFiles(files).manifest
}

export function contextOf(pair: Pair, more: Partial<ProvenanceContext> = {}): ProvenanceContext {
  const signer = { id: 'training', publicKeyPem: pair.publicPem, person: 'per_4f7a21' }
  return { signers: [signer], lineage: null, ...more }
}

export function check(files: ModelFiles, context: ProvenanceContext, requireLineage = false) {
  return checkProvenance(files, { signers: ['training'], requireLineage }, context, quietRun())
}

export interface Statement {
  [key: string]: unknown
  subject: { name: string; digest: { [name: string]: string } }[]
  predicate: {
    serialization: { [key: string]: unknown }
    resources: { name: string; algorithm: string; digest: string }[]
  }
}

function rootOf(resources: Statement['predicate']['resources']): string {
  const hash = createHash('sha256')
  for (const { digest } of resources) hash.update(digest, 'hex')
  return hash.digest('hex')
}

/** A sound statement about these files, for a test to spoil before it is signed. */
export function statementOf(files = contents): Statement {
  const resources = manifestOf(files).map(({ path, sha256 }) => ({
    name: path,
    algorithm: 'sha256',
    digest: sha256,
  }))
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'm', digest: { sha256: rootOf(resources) } }],
    predicateType: 'https://model_signing/signature/v1.0',
    predicate: {
      serialization: {
        method: 'files',
        hash_type: 'sha256',
        allow_symlinks: false,
        ignore_paths: ['model.sig'],
      },
      resources,
    },
  }
}

/** The same with other resources, and the root digest that belongs to them. */
export function withResources(
  statement: Statement,
  resources: Statement['predicate']['resources'],
): Statement {
  statement.predicate.resources = resources
  const [subject] = statement.subject
  if (subject) subject.digest['sha256'] = rootOf(resources)
  return statement
}

/** A bundle over exactly this payload. */
export function bundleOver(payload: string | Uint8Array, { privatePem, publicPem }: Pair) {
  const key = createPrivateKey(privatePem)
  const bytes = Buffer.from(payload)
  const curve = createPublicKey(publicPem).asymmetricKeyDetails?.namedCurve as keyof typeof hashes
  const type = 'application/vnd.in-toto+json'
  const signed = Buffer.concat([
    Buffer.from(`DSSEv1 ${type.length} ${type} ${bytes.length} `),
    bytes,
  ])
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: {
      publicKey: { hint: createHash('sha256').update(publicPem).digest('hex') },
      tlogEntries: [],
    },
    dsseEnvelope: {
      payload: bytes.toString('base64'),
      payloadType: type,
      signatures: [{ sig: sign(hashes[curve], signed, key).toString('base64'), keyid: '' }],
    },
  }
}

export function signedStatement(statement: unknown, pair: Pair): Buffer {
  return Buffer.from(JSON.stringify(bundleOver(JSON.stringify(statement), pair)))
}

export function ids(answer: { readonly findings: readonly { readonly id: string }[] }): string[] {
  return answer.findings.map(({ id }) => id)
}
