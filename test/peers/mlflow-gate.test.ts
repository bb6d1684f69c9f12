import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMlflowAliasWriter, createMlflowRegistry } from '../../activities/registry/mlflow.js'
import { seedVersion } from '../../examples/mlflow-seed.js'
import { mlflowEnvironment } from './mlflow/server.js'

const token = 'f3b1'.repeat(16)

let folder = ''
let baseUrl = ''
let server: ChildProcess | undefined

async function freePort(): Promise<number> {
  const socket = createServer().listen(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address() as AddressInfo
  socket.close()
  await once(socket, 'close')
  return port
}

async function isHealthy(): Promise<boolean> {
  const answer = await fetch(`${baseUrl}/health`).catch(() => null)
  return answer?.ok === true
}

/** As pip would install it, without pip. */
async function installGate(): Promise<void> {
  await cp('deploy/mlflow/alias_gate.py', join(folder, 'alias_gate.py'))
  const installed = join(folder, 'alias_gate-1.dist-info')
  await mkdir(installed)
  await writeFile(join(installed, 'METADATA'), 'Metadata-Version: 2.1\nName: gate\nVersion: 1\n')
  await writeFile(
    join(installed, 'entry_points.txt'),
    '[mlflow.app]\nalias-gate = alias_gate:app\n',
  )
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-gate-'))
  await installGate()
  const digest = join(folder, 'digest')
  await writeFile(digest, `${createHash('sha256').update(token).digest('hex')}\n`)
  const port = await freePort()
  baseUrl = `http://127.0.0.1:${port}`
  server = spawn(
    join(await mlflowEnvironment(), 'bin', 'mlflow'),
    ['server', '--host', '127.0.0.1', '--port', String(port), '--workers', '1']
      .concat(['--app-name', 'alias-gate'])
      .concat(['--backend-store-uri', `sqlite:///${join(folder, 'mlflow.db')}`])
      .concat(['--artifacts-destination', join(folder, 'artifacts')]),
    {
      detached: true,
      stdio: 'ignore',
      env: {
        ...process.env,
        PYTHONPATH: folder,
        ALIAS_GATE_TOKEN_DIGEST_FILE: digest,
        MLFLOW_DISABLE_TELEMETRY: 'true',
        MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
      },
    },
  )
  const deadline = Date.now() + 120_000
  while (!(await isHealthy())) {
    if (Date.now() > deadline) throw new Error('MLflow with the alias gate did not start')
    await pause(200)
  }
}, 900_000)

afterAll(async () => {
  if (server?.pid !== undefined) {
    process.kill(-server.pid, 'SIGTERM')
    await once(server, 'exit')
  }
  await rm(folder, { recursive: true, force: true })
}, 30_000)

async function call(method: string, path: string, body: object, bearer?: string): Promise<number> {
  const response = await fetch(`${baseUrl}${path}`, {
    method,
    body: JSON.stringify(body),
    headers: {
      'content-type': 'application/json',
      ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
    },
  })
  await response.body?.cancel()
  return response.status
}

test('nobody without the token changes what an alias points to, by whatever address', async () => {
  const { version } = await seedVersion(
    { baseUrl, model: 'gated' },
    new Map([['model.onnx', Buffer.from('a model')]]),
  )
  const registry = createMlflowRegistry({ baseUrl })
  const alias = { name: 'gated', alias: 'production', version }
  const name = { name: 'gated' }
  const attempts = [
    ['POST', '/api/2.0/mlflow/registered-models/alias', alias],
    ['POST', '/ajax-api/2.0/mlflow/registered-models/alias', alias],
    ['POST', '//api/2.0/mlflow//registered-models/alias/', alias],
    ['POST', '/api/2.0/mlflow/registered-models/%61lias', alias],
    ['DELETE', '/api/2.0/mlflow/registered-models/alias', alias],
    ['POST', '/api/2.0/mlflow/registered-models/rename', { ...name, new_name: 'other' }],
    ['DELETE', '/api/2.0/mlflow/registered-models/delete', name],
    ['DELETE', '/api/2.0/mlflow/model-versions/delete', { ...name, version }],
  ] as const
  for (const [method, path, body] of attempts) {
    expect([path, await call(method, path, body)]).toEqual([path, 403])
    expect([path, await call(method, path, body, 'wrong')]).toEqual([path, 403])
  }
  expect(await registry.alias('gated', 'production')).toBe(null)
  const stranger = createMlflowAliasWriter({ baseUrl })
  await expect(stranger.moveAlias('gated', 'production', null, version)).rejects.toThrow('403')
})

test('the release worker, who holds the token, moves the alias', async () => {
  const { version } = await seedVersion(
    { baseUrl, model: 'released' },
    new Map([['model.onnx', Buffer.from('a model')]]),
  )
  const writer = createMlflowAliasWriter({ baseUrl, token })
  const moved = await writer.moveAlias('released', 'production', null, version)
  expect(moved).toEqual({ moved: true, found: null })
  const registry = createMlflowRegistry({ baseUrl })
  expect(await registry.alias('released', 'production')).toBe(version)
})
