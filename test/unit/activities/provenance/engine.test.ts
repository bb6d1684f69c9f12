import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { signModel } from '../../../../activities/provenance/sign.js'
import { canonicalJson } from '../../../../src/domain/canonical.js'
import { finding } from '../../../../src/schema/check.js'
import {
  check,
  contents,
  contextOf,
  curves,
  ids,
  manifestOf,
  pairOn,
  signedFiles,
} from './bundles.js'

const pair = pairOn('P-256')
const signature = signModel(manifestOf(), pair.privatePem)
const context = contextOf(pair)

test('an unsigned model fails', async () => {
  const answer = await check(signedFiles(null), context)
  expect(answer).toMatchObject({ outcome: 'failed', result: { method: null, signer: null } })
  expect(answer.findings).toMatchObject([{ id: 'provenance/unsigned', waivable: true }])
})

test.each([
  ['changed', { ...contents, 'model.onnx': 'other' }, 'provenance/changed-file:model.onnx', false],
  ['added', { ...contents, 'evil.pkl': 'x' }, 'provenance/extra-file:evil.pkl', true],
  [
    'taken away',
    { 'model.onnx': 'weights', 'sub/a.json': '{}' },
    'provenance/missing-file:sub/a:b.txt',
    false,
  ],
  [
    'hidden where signatures do not look',
    { ...contents, '.git/evil.pkl': 'x' },
    'provenance/ignored-file:.git/evil.pkl',
    true,
  ],
  [
    'hidden as .gitattributes',
    { ...contents, '.gitattributes': 'x' },
    'provenance/ignored-file:.gitattributes',
    true,
  ],
  [
    'put as a second signature below',
    { ...contents, 'sub/model.sig': 'x' },
    'provenance/extra-file:sub/model.sig',
    true,
  ],
])('a file that was %s after signing is its own finding', async (_, files, id, waivable) => {
  const answer = await check(signedFiles(signature, files), context)
  expect(answer.outcome).toBe('failed')
  expect(answer.findings).toMatchObject([{ id, waivable }])
  expect(finding.parse(answer.findings[0])).toEqual(answer.findings[0])
})

test('every difference is told, not only the first', async () => {
  const answer = await check(
    signedFiles(signature, { 'model.onnx': 'other', 'sub/a.json': '{}', b: 'x' }),
    context,
  )
  expect(ids(answer).toSorted()).toEqual([
    'provenance/changed-file:model.onnx',
    'provenance/extra-file:b',
    'provenance/missing-file:sub/a:b.txt',
  ])
})

test('a valid signature by a key that the policy does not name does not count', async () => {
  const other = pairOn('P-256')
  const signers = [
    ...context.signers,
    { id: 'other-team', publicKeyPem: other.publicPem, person: null },
  ]
  const answer = await check(signedFiles(signModel(manifestOf(), other.privatePem)), {
    ...context,
    signers,
  })
  expect(ids(answer)).toEqual(['provenance/untrusted-signer:other-team'])
  expect(answer.result).toMatchObject({ signer: null, signingRootDigest: null })
})

test('a signature by a key that nobody knows does not count', async () => {
  const answer = await check(
    signedFiles(signModel(manifestOf(), pairOn('P-256').privatePem)),
    context,
  )
  expect(ids(answer)).toEqual(['provenance/untrusted-signer'])
})

test('naming a trusted key does not make its signature', async () => {
  const forged = JSON.parse(
    Buffer.from(signModel(manifestOf(), pairOn('P-256').privatePem)).toString(),
  )
  forged.verificationMaterial.publicKey.hint = createHash('sha256')
    .update(pair.publicPem)
    .digest('hex')
  const answer = await check(signedFiles(Buffer.from(JSON.stringify(forged))), context)
  expect(answer.findings).toMatchObject([
    { id: 'provenance/bad-signature:model.sig', waivable: false },
  ])
})

test.each([
  ['the registry tells nothing', null],
  ['the registry names no run', { runId: null }],
])('lineage that the policy demands is missing where %s', async (_, lineage) => {
  const answer = await check(signedFiles(signature), { ...context, lineage }, true)
  expect(answer.outcome).toBe('failed')
  expect(ids(answer)).toEqual(['provenance/lineage-missing'])
})

test.each([
  ['a signer that the set does not hold', []],
  [
    'a signer whose key is of another kind',
    [{ id: 'training', person: null, publicKeyPem: pairOn('secp256k1').publicPem }],
  ],
  ['a signer whose key is no key', [{ id: 'training', person: null, publicKeyPem: 'x' }]],
  [
    'a private key for a public one',
    [{ id: 'training', person: null, publicKeyPem: pair.privatePem }],
  ],
])('a policy that names %s is an error, not a verdict', async (_, signers) => {
  await expect(check(signedFiles(signature), { signers, lineage: null })).rejects.toMatchObject({
    code: 'GOVERNANCE_INVALID',
  })
})

test('it stops when it is told to', async () => {
  const { checkProvenance } = await import('../../../../activities/provenance/engine.js')
  const run = { signal: AbortSignal.abort(new Error('stopped')), onProgress: () => undefined }
  const clause = { signers: ['training'], requireLineage: false }
  await expect(checkProvenance(signedFiles(signature), clause, context, run)).rejects.toThrow(
    'stopped',
  )
})

test.each(curves)('a model signed on %s passes, with who signed and what', async (curve) => {
  const own = pairOn(curve)
  const files = signedFiles(signModel(manifestOf(), own.privatePem))
  const answer = await check(files, contextOf(own, { lineage: { runId: 'r1' } }), true)
  const fingerprint = createHash('sha256').update(own.publicPem).digest('hex')
  expect(answer).toMatchObject({
    outcome: 'passed',
    findings: [],
    result: {
      method: 'key',
      signer: 'training',
      signerPerson: 'per_4f7a21',
      keyFingerprint: `sha256:${fingerprint}`,
      signingRootDigest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      resources: 3,
      lineage: { runId: 'r1' },
    },
  })
  expect(Object.keys(answer.inputs)).toEqual(['model.sig', 'signer:training'])
})

test('a signer who joins for another model changes nothing in the answer', async () => {
  const signers = [
    ...context.signers,
    { id: 'new', publicKeyPem: pairOn('P-384').publicPem, person: null },
  ]
  const [before, after] = [
    await check(signedFiles(signature), context),
    await check(signedFiles(signature), { ...context, signers }),
  ]
  expect(canonicalJson({ ...after, findings: [] })).toBe(canonicalJson({ ...before, findings: [] }))
})

test('only a key that can sign a model signs one, and only a model with files', () => {
  expect(() => signModel(manifestOf(), pairOn('secp256k1').privatePem)).toThrow(/P-256/)
  expect(() => signModel([], pair.privatePem)).toThrow(/no file/)
})
