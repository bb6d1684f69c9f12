import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'

export interface MlflowServer {
  readonly baseUrl: string
  /** The folder that the server keeps artifacts in. */
  readonly artifacts: string
  stop(): Promise<void>
}

/** Builds the environment the first time, which takes minutes. */
export async function mlflowEnvironment(): Promise<string> {
  const { stdout } = await promisify(execFile)('tools/peers/mlflow.sh')
  return stdout.trim()
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function isHealthy(baseUrl: string): Promise<boolean> {
  try {
    return (await fetch(`${baseUrl}/health`, { signal: AbortSignal.timeout(2000) })).ok
  } catch {
    return false
  }
}

/** Starts a real MLflow on loopback whose data lies in a folder, and answers when it does. */
export async function startMlflow(folder: string): Promise<MlflowServer> {
  const environment = await mlflowEnvironment()
  const port = await freePort()
  const artifacts = join(folder, 'artifacts')
  const server = spawn(
    join(environment, 'bin', 'mlflow'),
    ['server', '--host', '127.0.0.1', '--port', String(port), '--workers', '1']
      .concat(['--backend-store-uri', `sqlite:///${join(folder, 'mlflow.db')}`])
      .concat(['--artifacts-destination', artifacts]),
    // A group of its own, so that its helpers end with it.
    {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        MLFLOW_DISABLE_TELEMETRY: 'true',
        MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
      },
    },
  )
  const exited = once(server, 'exit')
  let said = ''
  server.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-4000)
  })
  const signalGroup = (signal: NodeJS.Signals) => {
    if (server.pid !== undefined && server.exitCode === null && server.signalCode === null)
      process.kill(-server.pid, signal)
  }
  const baseUrl = `http://127.0.0.1:${port}`
  const deadline = Date.now() + 120_000
  while (!(await isHealthy(baseUrl))) {
    if (server.exitCode !== null || Date.now() > deadline) {
      signalGroup('SIGKILL')
      throw new Error(`MLflow did not start: ${said}`)
    }
    await pause(200)
  }
  return {
    baseUrl,
    artifacts,
    async stop() {
      const killer = setTimeout(() => signalGroup('SIGKILL'), 10_000)
      signalGroup('SIGTERM')
      await exited
      clearTimeout(killer)
    },
  }
}
