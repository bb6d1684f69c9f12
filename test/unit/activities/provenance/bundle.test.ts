import { expect, test } from 'vitest'
import { seeded } from '../scan/builders.js'
import {
  bundleOver,
  check,
  contents,
  contextOf,
  ids,
  pairOn,
  signedFiles,
  signedStatement,
  statementOf,
  withResources,
  type Statement,
} from './bundles.js'

const pair = pairOn('P-256')
const context = contextOf(pair)
type Tree = { [key: string]: unknown }

function sound(): ReturnType<typeof bundleOver> {
  return bundleOver(JSON.stringify(statementOf()), pair)
}

async function idsOf(bundle: unknown): Promise<string[]> {
  const bytes = typeof bundle === 'string' ? bundle : JSON.stringify(bundle)
  const answer = await check(signedFiles(Buffer.from(bytes)), context)
  expect(answer.outcome).toBe(answer.findings.length === 0 ? 'passed' : 'failed')
  return ids(answer)
}

/** Every leaf of a JSON value, by its path. */
function leaves(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]))
}

function changed(
  value: unknown,
  path: readonly string[],
  change: (leaf: unknown) => unknown,
): unknown {
  const [key, ...rest] = path
  if (key === undefined) return change(value)
  const copy: Tree | unknown[] = Array.isArray(value) ? [...value] : { ...(value as Tree) }
  ;(copy as Tree)[key] = changed((value as Tree)[key], rest, change)
  return copy
}

test('the sound bundle passes, so that the refusals below mean something', async () => {
  expect(await idsOf(sound())).toEqual([])
})

test('whatever field of a bundle is altered, it is refused', async () => {
  const paths = leaves(sound())
  expect(paths.length).toBeGreaterThan(5)
  for (const path of paths) {
    for (const change of [
      (leaf: unknown) => `${String(leaf)}x`,
      () => 1,
      () => null,
      () => [],
      () => ({}),
    ]) {
      // A keyid may be null: it says nothing.
      if (path.at(-1) === 'keyid' && change('') === null) continue
      expect(
        await idsOf(changed(sound(), path, change)),
        `${path.join('.')} = ${change.toString()}`,
      ).not.toEqual([])
    }
  }
})

test('whatever byte of the payload or the signature is altered, it is refused', async () => {
  const random = seeded(3)
  for (let round = 0; round < 200; round += 1) {
    const bundle = sound()
    const flip = (text: string) => {
      const bytes = Buffer.from(text, 'base64')
      const at = Math.floor(random() * bytes.length)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8))
      return bytes.toString('base64')
    }
    const [signature] = bundle.dsseEnvelope.signatures
    if (round % 2 === 0) bundle.dsseEnvelope.payload = flip(bundle.dsseEnvelope.payload)
    else if (signature) signature.sig = flip(signature.sig)
    expect(await idsOf(bundle)).toEqual(['provenance/bad-signature:model.sig'])
  }
})

const material = (more: Tree) => ({
  ...sound(),
  verificationMaterial: { ...sound().verificationMaterial, ...more },
})
const envelope = (more: Tree) => ({
  ...sound(),
  dsseEnvelope: { ...sound().dsseEnvelope, ...more },
})
const [signature] = sound().dsseEnvelope.signatures

test.each([
  ['that is no JSON', 'x'],
  [
    'with a key twice',
    JSON.stringify(sound()).replace('{"mediaType"', '{"mediaType":"x","mediaType"'),
  ],
  ['that is empty', ''],
  ['with an unknown field', { ...sound(), extra: 1 }],
  [
    'of another media type',
    { ...sound(), mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1' },
  ],
  ['with two kinds of material', material({ certificate: { rawBytes: '' } })],
  ['without material', { ...sound(), verificationMaterial: { tlogEntries: [] } }],
  [
    'with the key itself in place of its name',
    material({ publicKey: { rawBytes: 'AA==', keyDetails: 'x' } }),
  ],
  ['with two signatures', envelope({ signatures: [signature, signature] })],
  ['without a signature', envelope({ signatures: [] })],
  ['with a named key id', envelope({ signatures: [{ ...signature, keyid: 'a' }] })],
  ['of another payload type', envelope({ payloadType: 'application/json' })],
  ['with spaces in its base64', envelope({ payload: `${sound().dsseEnvelope.payload} ` })],
  ['with base64 for URLs', envelope({ signatures: [{ sig: '_-_-' }] })],
])('a bundle %s is malformed', async (_, bundle) => {
  expect(await idsOf(bundle)).toEqual(['provenance/malformed-bundle:model.sig'])
})

test.each([
  [
    'a certificate chain',
    { ...sound(), verificationMaterial: { x509CertificateChain: { certificates: [] } } },
  ],
  [
    'Sigstore',
    { ...sound(), verificationMaterial: { certificate: { rawBytes: 'AA==' }, tlogEntries: [{}] } },
  ],
  ['log entries', material({ tlogEntries: [{}] })],
  ['timestamps', material({ timestampVerificationData: { rfc3161Timestamps: [{}] } })],
])('a bundle made with %s is refused by name, as not supported yet', async (_, bundle) => {
  expect(await idsOf(bundle)).toEqual(['provenance/unsupported-method:model.sig'])
})

test('a bundle from before version 1.0 is refused with its reason', async () => {
  const old = { ...statementOf(), predicateType: 'https://model_signing/Digests/v0.1' }
  expect(await idsOf(signedStatement(old, pair).toString())).toEqual([
    'provenance/old-format:model.sig',
  ])
})

const spoil = (change: (statement: Statement) => unknown) => {
  const statement = statementOf()
  return change(statement) ?? statement
}
const serialization = (more: Tree) =>
  spoil((s) => void Object.assign(s.predicate.serialization, more))
const resources = (
  change: (list: Statement['predicate']['resources']) => Statement['predicate']['resources'],
) => spoil((s) => withResources(s, change(s.predicate.resources)))
const renamed = (name: string) =>
  resources((list) => [...list, { name, algorithm: 'sha256', digest: 'a'.repeat(64) }])

test.each([
  ['of another type', spoil((s) => void (s['_type'] = 'https://in-toto.io/Statement/v0.1'))],
  [
    'with another predicate',
    spoil((s) => void (s['predicateType'] = 'https://slsa.dev/provenance/v1')),
  ],
  ['with two subjects', spoil((s) => void s.subject.push(...s.subject))],
  ['without subject', spoil((s) => void (s.subject = []))],
  [
    'whose root digest is another',
    spoil((s) => void (s.subject = [{ name: 'm', digest: { sha256: 'a'.repeat(64) } }])),
  ],
  [
    'whose subject has another hash',
    spoil((s) => void (s.subject = [{ name: 'm', digest: { sha512: 'a' } }])),
  ],
  [
    'whose resources were put in another order',
    spoil((s) => void (s.predicate.resources = s.predicate.resources.toReversed())),
  ],
  ['without resources', resources(() => [])],
  ['with a resource twice', resources((list) => [...list, ...list.slice(0, 1)])],
  ['with a resource outside', renamed('../x')],
  ['with an absolute resource', renamed('/etc/x')],
  ['with an empty part in a name', renamed('a//b')],
  ['with a backslash in a name', renamed(String.raw`a\b`)],
  ['with a control character in a name', renamed('a\u0000')],
  ['that signs its own file', renamed('model.sig')],
  [
    'with a digest in capitals',
    resources((list) => list.map((one) => ({ ...one, digest: one.digest.toUpperCase() }))),
  ],
  ['that follows links', serialization({ allow_symlinks: true })],
  ['that says nothing of links', serialization({ allow_symlinks: undefined })],
  ['that ignores a file of the model', serialization({ ignore_paths: ['model.sig', 'evil.pkl'] })],
  ['that ignores everything', serialization({ ignore_paths: ['.'] })],
  ['with an unknown method', serialization({ method: 'tree' })],
  ['by shards without size', serialization({ method: 'shards' })],
  ['by shards of no bytes', serialization({ method: 'shards', shard_size: 0 })],
  ['by files with a shard size', serialization({ shard_size: 10 })],
  ['with an unknown serialization field', serialization({ skip: ['x'] })],
  ['that is a list', [statementOf()]],
])('a statement %s is malformed, though its signature is valid', async (_, statement) => {
  expect(await idsOf(signedStatement(statement, pair).toString())).toEqual([
    'provenance/malformed-bundle:model.sig',
  ])
})

test('a statement with a key twice is malformed, though its signature is valid', async () => {
  const text = JSON.stringify(statementOf()).replace('{"_type"', '{"predicateType":"x","_type"')
  expect(await idsOf(bundleOver(text, pair))).toEqual(['provenance/malformed-bundle:model.sig'])
})

test.each(['blake2b', 'blake3'])('files named by %s are refused by name', async (hash) => {
  const whole = serialization({ hash_type: hash })
  expect(await idsOf(signedStatement(whole, pair).toString())).toEqual([
    'provenance/unsupported-hash:model.sig',
  ])
  const one = resources((list) => list.map((resource) => ({ ...resource, algorithm: hash })))
  expect(await idsOf(signedStatement(one, pair).toString())).toEqual([
    'provenance/unsupported-hash:model.sig',
  ])
})

test('fields that in-toto leaves open are ignored', async () => {
  const more = spoil((s) => void Object.assign(s, { note: 'x' }))
  expect(await idsOf(signedStatement(more, pair).toString())).toEqual([])
  expect(Object.keys(contents)).toHaveLength(3)
})
