import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { cp, mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { localModelFiles } from '../../activities/local-files.js'
import { checkProvenance } from '../../activities/provenance/engine.js'
import { signModel } from '../../activities/provenance/sign.js'

const execute = promisify(execFile)
const run = { signal: new AbortController().signal, onProgress: () => undefined }
const clause = { signers: ['training'], requireLineage: false }
let tool = ''
let place = ''

beforeAll(async () => {
  const { stdout } = await execute('tools/peers/model-signing.sh')
  tool = join(stdout.trim(), 'bin/model_signing')
  place = await mkdtemp(join(tmpdir(), 'countersign-signing-'))
}, 300_000)

afterAll(() => rm(place, { recursive: true, force: true }))

/** A model folder with a key pair beside it. */
async function prepared(curve: string) {
  const folder = await mkdtemp(join(place, 'model-'))
  const model = join(folder, 'model')
  await mkdir(join(model, 'a'), { recursive: true })
  // Python sorts by path component, we by bytes: these four names come in another order.
  for (const name of ['a/b', 'a-b', 'a.txt', 'zé']) await writeFile(join(model, name), `of ${name}`)
  await writeFile(join(model, 'empty'), '')
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: curve })
  const privatePem = privateKey.export({ type: 'sec1', format: 'pem' }).toString()
  const publicPem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  await writeFile(join(folder, 'key.pem'), privatePem)
  await writeFile(join(folder, 'key.pub'), publicPem)
  return { folder, model, privatePem, publicPem }
}

async function outcomeHere(model: string, publicKeyPem: string) {
  const context = { signers: [{ id: 'training', publicKeyPem, person: null }], lineage: null }
  return checkProvenance(await localModelFiles(model), clause, context, run)
}

const signature = (model: string) => ['--signature', join(model, 'model.sig')]

function verifiedThere(model: string, folder: string) {
  const key = ['--public_key', join(folder, 'key.pub')]
  return execute(tool, ['verify', 'key', model, ...signature(model), ...key])
}

test.each(['P-256', 'P-384', 'P-521'])(
  "Python's tool verifies what is signed here on %s, and refuses it once a file changed",
  async (curve) => {
    const { folder, model, privatePem } = await prepared(curve)
    const { manifest } = await localModelFiles(model)
    await writeFile(join(model, 'model.sig'), signModel(manifest, privatePem))
    expect((await verifiedThere(model, folder)).stdout).toContain('Verification succeeded')

    await writeFile(join(model, 'a-b'), 'other')
    await expect(verifiedThere(model, folder)).rejects.toThrow(/Verification failed/)
  },
  60_000,
)

test.each(['P-256', 'P-384', 'P-521'])(
  "what Python's tool signs on %s is verified here, and refused once a file changed",
  async (curve) => {
    const { folder, model, publicPem } = await prepared(curve)
    const key = ['--private_key', join(folder, 'key.pem')]
    await execute(tool, ['sign', 'key', model, ...signature(model), ...key])
    expect(await outcomeHere(model, publicPem)).toMatchObject({
      outcome: 'passed',
      result: { resources: 5 },
    })

    const copy = join(folder, 'copy')
    await cp(model, copy, { recursive: true })
    await writeFile(join(copy, 'a-b'), 'other')
    expect(await outcomeHere(copy, publicPem)).toMatchObject({
      outcome: 'failed',
      findings: [{ id: 'provenance/changed-file:a-b', waivable: false }],
    })
  },
  60_000,
)

test('what Python lets pass beside a signed model is refused here', async () => {
  const { folder, model, publicPem } = await prepared('P-256')
  const key = ['--private_key', join(folder, 'key.pem')]
  await writeFile(join(model, 'extra.pkl'), 'x')
  const ignored = ['--ignore-paths', join(model, 'extra.pkl')]
  await execute(tool, ['sign', 'key', model, ...signature(model), ...key, ...ignored])
  expect(await outcomeHere(model, publicPem)).toMatchObject({
    outcome: 'failed',
    findings: [{ id: 'provenance/malformed-bundle:model.sig' }],
  })

  await rm(join(model, 'extra.pkl'))
  await execute(tool, ['sign', 'key', model, ...signature(model), ...key])
  await mkdir(join(model, '.git'))
  await writeFile(join(model, '.git/evil.pkl'), 'x')
  expect((await verifiedThere(model, folder)).stdout).toContain('Verification succeeded')
  expect(await outcomeHere(model, publicPem)).toMatchObject({
    outcome: 'failed',
    findings: [{ id: 'provenance/ignored-file:.git/evil.pkl' }],
  })
}, 60_000)
