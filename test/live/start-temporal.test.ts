import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Connection } from '@temporalio/client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { searchAttributeTypes } from '../../src/main/temporal/search-attributes.js'

let home: string
let started: ChildProcess[]
let ports: { server: number; ui: number }

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'countersign-live-temporal-'))
  started = []
  ports = { server: await freePort(), ui: await freePort() }
})

afterEach(async () => {
  for (const child of started) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
  }
  rmSync(home, { recursive: true, force: true })
})

/** Resolves when it is ready; rejects with what it said when it ends before. */
async function start(extra: Record<string, string> = {}): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join('dist', 'src', 'main', 'temporal.js')], {
    env: {
      ...process.env,
      COUNTERSIGN_DEVELOPMENT: '1',
      COUNTERSIGN_HOME: home,
      COUNTERSIGN_TEMPORAL_PORT: String(ports.server),
      COUNTERSIGN_TEMPORAL_UI_PORT: String(ports.ui),
      ...extra,
    },
  })
  started.push(child)
  let said = ''
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      said += chunk.toString()
      if (said.includes('"ready":true')) resolve()
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.once('close', (code) => reject(new Error(`ended with ${code}: ${said}`)))
  })
  return child
}

async function stop(child: ChildProcess): Promise<number | null> {
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  return code
}

async function withConnection<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: `127.0.0.1:${ports.server}` })
  try {
    return await work(connection)
  } finally {
    await connection.close()
  }
}

const namespace = 'default'

test('the server keeps histories for 30 days and knows our search attributes, also at the second start', async () => {
  for (const round of ['first', 'second']) {
    const child = await start()
    await withConnection(async ({ workflowService, operatorService }) => {
      const { config } = await workflowService.describeNamespace({ namespace })
      const days = Number(config?.workflowExecutionRetentionTtl?.seconds) / 86_400
      expect({ round, days }).toEqual({ round, days: 30 })
      const { customAttributes } = await operatorService.listSearchAttributes({ namespace })
      expect(Object.keys(customAttributes)).toEqual(
        expect.arrayContaining(Object.keys(searchAttributeTypes)),
      )
    })
    expect(await stop(child)).toBe(0)
    expect(existsSync(join(home, 'temporal', 'pid'))).toBe(false)
  }
}, 60_000)

test('a database of another version is refused before a server touches it', async () => {
  await stop(await start())
  const before = readFileSync(join(home, 'temporal', 'temporal.db'))
  writeFileSync(join(home, 'temporal', 'version'), '1.0.0\n')
  await expect(start()).rejects.toThrow(/ended with 78: .*written by Temporal 1\.0\.0/)
  expect(readFileSync(join(home, 'temporal', 'temporal.db')).equals(before)).toBe(true)
}, 60_000)

test('after a kill the next start ends the server that was left, and continues on its database', async () => {
  const first = await start()
  const pid = Number(readFileSync(join(home, 'temporal', 'pid'), 'utf8'))
  await withConnection(async ({ workflowService }) => {
    await workflowService.startWorkflowExecution({
      namespace,
      workflowId: 'kept',
      workflowType: { name: 'nobody' },
      taskQueue: { name: 'nobody' },
      requestId: 'kept',
    })
  })
  first.kill('SIGKILL')
  await once(first, 'exit')
  await start()
  expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  await withConnection(async ({ workflowService }) => {
    const execution = { workflowId: 'kept' }
    const found = await workflowService.describeWorkflowExecution({ namespace, execution })
    expect(found.workflowExecutionInfo?.type?.name).toBe('nobody')
  })
}, 60_000)

test('a cluster that runs already gets what is missing, and nothing of ours beside it', async () => {
  const cli = process.env['COUNTERSIGN_TEMPORAL_CLI'] ?? (await cachedCli())
  const port = String(ports.server)
  const args = ['server', 'start-dev', '--ip', '127.0.0.1', '--port', port, '--headless']
  const server = spawn(cli, args, { stdio: 'ignore' })
  started.push(server)
  await start({ TEMPORAL_ADDRESS: `127.0.0.1:${port}` })
  await withConnection(async ({ workflowService, operatorService }) => {
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace })
    expect(Object.keys(customAttributes)).toEqual(
      expect.arrayContaining(Object.keys(searchAttributeTypes)),
    )
    const { config } = await workflowService.describeNamespace({ namespace })
    expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(86_400)
  })
  expect(existsSync(join(home, 'temporal'))).toBe(false)
}, 60_000)

async function cachedCli(): Promise<string> {
  const { findTemporal } = await import('../../src/main/temporal/find.js')
  return (await findTemporal(process.env, () => undefined)).path
}
