import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createMlflowAliasWriter, createMlflowRegistry } from '../../activities/registry/mlflow.js'
import { createSnapshotStore } from '../../activities/snapshot/store.js'
import { hashSnapshot, takeSnapshot } from '../../activities/snapshot/take.js'
import { registryContract, type Seed } from '../contract/registry.contract.js'
import { seedFolder, seedVersion } from '../../examples/mlflow-seed.js'
import { type MlflowServer, startMlflow } from './mlflow/server.js'

let folder = ''
let server: MlflowServer | undefined

// Building the environment takes minutes the first time.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-mlflow-'))
  server = await startMlflow(folder)
}, 900_000)

afterAll(async () => {
  await server?.stop()
  await rm(folder, { recursive: true, force: true })
}, 30_000)

const baseUrl = () => server?.baseUrl ?? ''
const registry = () => createMlflowRegistry({ baseUrl: baseUrl() })

async function seed(
  model: string,
  files: Readonly<Record<string, string>>,
  options: Seed = {},
): Promise<string> {
  const entries = Object.entries(files).map(([path, text]) => [path, Buffer.from(text)] as const)
  return (await seedVersion({ baseUrl: baseUrl(), model, ...options }, new Map(entries))).version
}

describe('MLflow', () => {
  registryContract(() => ({
    registry: registry(),
    writer: createMlflowAliasWriter({ baseUrl: baseUrl() }),
    seed,
  }))
})

async function seededIn(model: string): Promise<{ version: string; artifacts: string }> {
  const files = new Map([['model.onnx', Buffer.from('weights')]])
  const { version, artifactPath } = await seedVersion({ baseUrl: baseUrl(), model }, files)
  return { version, artifacts: join(server?.artifacts ?? '', artifactPath) }
}

test('a link in the server’s artifact store is not followed', async () => {
  const { version, artifacts } = await seededIn('linked')
  await symlink('/etc/passwd', join(artifacts, 'passwd'))
  await expect(registry().open('linked', version, 'passwd')).rejects.toMatchObject({
    code: 'SNAPSHOT_REFUSED',
  })
})

test.each(['a%2Fb', '%41', 'a\nb', 'a\u202eb', 'a\\b'])(
  'a file that the server lists as %j is refused',
  async (name) => {
    const { version, artifacts } = await seededIn('hostile-names')
    await writeFile(join(artifacts, name), 'x')
    await expect(registry().files('hostile-names', version)).rejects.toMatchObject({
      code: 'SNAPSHOT_REFUSED',
    })
  },
)

test('a version whose files lie outside the server is refused with the remedy', async () => {
  await seed('elsewhere', { f: 'x' })
  const response = await fetch(`${baseUrl()}/api/2.0/mlflow/model-versions/create`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'elsewhere', source: 's3://bucket/model' }),
  })
  expect(response.status).toBe(200)
  await expect(registry().files('elsewhere', '2')).rejects.toMatchObject({
    code: 'SNAPSHOT_REFUSED',
    detail: { remedy: expect.stringContaining('--serve-artifacts') as string },
  })
})

test('a model whose name no filter can quote is refused when its versions are listed', async () => {
  await seed(`both ' and "`, { f: 'x' })
  await expect(registry().versions(`both ' and "`)).rejects.toMatchObject({
    code: 'MODEL_NOT_FOUND',
  })
})

test('a run that was deleted hides its start, not the version', async () => {
  const files = new Map([['f', Buffer.from('x')]])
  const { version, runId } = await seedVersion({ baseUrl: baseUrl(), model: 'runless' }, files)
  await fetch(`${baseUrl()}/api/2.0/mlflow/runs/delete`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ run_id: runId }),
  })
  expect((await registry().version('runless', version)).run?.id).toBe(runId)
})

test('a folder, registered and taken from MLflow, has the digest that it has on disk', async () => {
  const source = join(folder, 'source')
  const store = createSnapshotStore({ dir: join(folder, 'store') })
  await seed('round-trip', { 'model.onnx': 'weights', 'data/MLmodel': 'flavors: {}' })
  const options = { registry: registry(), model: 'round-trip', version: '1' }
  const snapshot = await takeSnapshot({ ...options, store })
  await store.materialise(snapshot, source)
  const again = await seedFolder({ baseUrl: baseUrl(), model: 'round-trip' }, source)
  const second = await hashSnapshot({ ...options, version: again.version })
  expect(second).toEqual(snapshot)
})
