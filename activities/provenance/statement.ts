import { createHash } from 'node:crypto'
import { findingOf } from '../finding.js'
import { isJsonObject, type JsonValue } from '../scan/formats/strict-json.js'
import { BundleRefused, exactly, jsonOf, malformedBundle, type Fields } from './bundle.js'

export const statementType = 'https://in-toto.io/Statement/v1'
export const predicateType = 'https://model_signing/signature/v1.0'
export const oldPredicateType = 'https://model_signing/Digests/v0.1'
export const ignorablePaths: readonly string[] =
  'model.sig .git .gitignore .gitattributes .github'.split(' ')
const largestShard = 2 ** 50

/** One signed file, or one signed range of a file. */
export interface Resource {
  readonly name: string
  readonly digest: string
}

/** What the signer said of the model. */
export interface SignedStatement {
  readonly resources: readonly Resource[]
  /** Bytes per shard; null where whole files are signed. */
  readonly shardBytes: number | null
  readonly ignored: readonly string[]
  /** SHA-256 over the raw digests in recorded order, in hexadecimal. */
  readonly rootDigest: string
}

function isDigest(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
}

function isPlainRelative(name: string): boolean {
  if (name.includes('\\') || /[\p{C}\p{Zl}\p{Zp}]/u.test(name)) return false
  return name.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
}

function resourceOf(value: JsonValue): Resource {
  const { name, algorithm, digest } = exactly(value, 'a resource', ['name', 'algorithm', 'digest'])
  if (typeof name !== 'string' || !isPlainRelative(name)) {
    throw malformedBundle('a resource has a name that is no plain relative path')
  }
  if (name === 'model.sig') throw malformedBundle('the signature file names itself as signed')
  if (algorithm !== 'sha256' || !isDigest(digest)) throw unsupportedHash(algorithm)
  return { name, digest }
}

function unsupportedHash(value: JsonValue | undefined): BundleRefused {
  const named = typeof value === 'string' ? value : 'none'
  if (named === 'sha256') return malformedBundle('a digest is no SHA-256 in hexadecimal')
  return new BundleRefused(
    findingOf({
      rule: 'provenance/unsupported-hash',
      about: 'model.sig',
      severity: 'high',
      what: `The signature names its files by the hash "${named}"; only sha256 is supported.`,
      why: 'A digest that nobody here can compute says nothing about the files.',
      remedy: 'Sign the model again with SHA-256, which is the default of model_signing.',
    }),
  )
}

function resourcesOf(value: JsonValue | undefined): readonly Resource[] {
  if (!Array.isArray(value) || value.length === 0) throw malformedBundle('it names no resource')
  const resources = value.map((item) => resourceOf(item))
  if (new Set(resources.map(({ name }) => name)).size < resources.length) {
    throw malformedBundle('it names a resource twice')
  }
  return resources
}

function ignoredOf(value: JsonValue | undefined): readonly string[] {
  if (!Array.isArray(value)) throw malformedBundle('ignore_paths is no list')
  return value.map((path) => {
    if (typeof path === 'string' && ignorablePaths.includes(path)) return path
    throw malformedBundle('ignore_paths names more than model.sig and the files of git')
  })
}

function shardBytesOf(fields: Fields): number | null {
  const { method, shard_size: size } = fields
  if (method === 'files' && size === undefined) return null
  const isCount = typeof size === 'number' && Number.isSafeInteger(size) && size > 0
  if (method === 'shards' && isCount && size <= largestShard) return size
  throw malformedBundle('its serialization is neither whole files nor shards of one size')
}

/** Trailing fields of in-toto are ignored, as its specification asks; those that say what was signed are not. */
function subjectDigest(value: JsonValue | undefined): string {
  const [subject, ...others] = Array.isArray(value) ? value : []
  const digest = isJsonObject(subject) ? subject['digest'] : undefined
  const sha256 = isJsonObject(digest) ? digest['sha256'] : undefined
  if (others.length === 0 && isDigest(sha256)) return sha256
  throw malformedBundle('the statement does not have exactly one subject with a SHA-256')
}

function assertTypes(statement: Fields): void {
  if (statement['predicateType'] === oldPredicateType) throw oldFormat()
  if (statement['_type'] === statementType && statement['predicateType'] === predicateType) return
  throw malformedBundle('what is signed is no statement of model signing v1.0')
}

/** The finding on bundles from before v1.0. */
export function oldFormat(): BundleRefused {
  return new BundleRefused(
    findingOf({
      rule: 'provenance/old-format',
      about: 'model.sig',
      severity: 'high',
      what: 'The signature was made before version 1.0 of OpenSSF Model Signing.',
      why: 'Those versions signed a faulty encoding and say less about what they cover; they are not accepted.',
      remedy: 'Sign the model again with model_signing 1.1 or later.',
      waivable: false,
    }),
  )
}

/** The root digest, in hexadecimal: order as recorded, because signers sort differently. */
export function rootDigestOf(resources: readonly Resource[]): string {
  const hash = createHash('sha256')
  for (const { digest } of resources) hash.update(digest, 'hex')
  return hash.digest('hex')
}

/**
 * Reads a payload whose signature was verified over these very bytes.
 *
 * @throws BundleRefused
 */
export function parseStatement(payload: Uint8Array): SignedStatement {
  const statement = jsonOf(payload, 'the signed statement')
  if (!isJsonObject(statement)) throw malformedBundle('the signed statement is no object')
  assertTypes(statement)
  const { predicate } = statement
  const root = subjectDigest(statement['subject'])
  if (!isJsonObject(predicate)) throw malformedBundle('the statement has no predicate')
  const serialization = exactly(
    predicate['serialization'],
    'serialization',
    ['method', 'hash_type', 'allow_symlinks', 'ignore_paths'],
    ['shard_size'],
  )
  if (serialization['hash_type'] !== 'sha256') throw unsupportedHash(serialization['hash_type'])
  if (serialization['allow_symlinks'] !== false) throw malformedBundle('it allows symbolic links')
  const resources = resourcesOf(predicate['resources'])
  const rootDigest = rootDigestOf(resources)
  if (rootDigest !== root) throw malformedBundle('its subject is not the digest of its resources')
  return {
    resources,
    shardBytes: shardBytesOf(serialization),
    ignored: ignoredOf(serialization['ignore_paths']),
    rootDigest,
  }
}
