import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMlflowRegistry } from '../../activities/registry/mlflow.js'
import { startCountersign, type Started } from '../live/support/started.js'
import { startMlflow, type MlflowServer } from './mlflow/server.js'

let folder: string
let mlflow: MlflowServer
let started: Started

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-mlflow-demo-'))
  mlflow = await startMlflow(folder)
  const registry = mlflow.baseUrl.replace('http:', 'mlflow+http:')
  started = await startCountersign({ COUNTERSIGN_REGISTRY: registry })
  const seeded = await started.node('dist/examples/seed-mlflow.js', mlflow.baseUrl)
  if (seeded.code !== 0) throw new Error(seeded.stderr)
}, 900_000)

afterAll(async () => {
  await started?.stop()
  await mlflow?.stop()
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

test('the demo moves the alias in a real MLflow', async () => {
  const { code, stdout, stderr } = await started.node('dist/examples/demo.js')
  expect(code, stdout + stderr).toBe(0)
  const registry = createMlflowRegistry({ baseUrl: mlflow.baseUrl })
  expect(await registry.alias('diabetes-risk', 'production')).toBe('1')
  expect(await registry.alias('ward-forecast', 'production')).toBe('1')
}, 240_000)
