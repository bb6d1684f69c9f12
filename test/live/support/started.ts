import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return String(port)
}

export interface Started {
  readonly home: string
  readonly apiUrl: string
  /** Runs a compiled program of ours against it, as a person in another shell would. */
  readonly node: (
    script: string,
    ...words: readonly string[]
  ) => Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>
  readonly stop: () => Promise<void>
}

/** `npm start` on free ports and a home folder of its own; resolves once it says that it runs. */
export async function startCountersign(
  extra: Readonly<Record<string, string>> = {},
): Promise<Started> {
  const home = mkdtempSync(join(tmpdir(), 'countersign-started-'))
  const port = await freePort()
  const env = {
    ...process.env,
    COUNTERSIGN_DEVELOPMENT: '1',
    COUNTERSIGN_HOME: home,
    COUNTERSIGN_PORT: port,
    COUNTERSIGN_RECORDER_PORT: await freePort(),
    COUNTERSIGN_IDENTITY_PORT: await freePort(),
    COUNTERSIGN_TEMPORAL_PORT: await freePort(),
    COUNTERSIGN_TEMPORAL_UI_PORT: await freePort(),
    ...extra,
  }
  const child = spawn(process.execPath, ['dist/src/main/dev.js'], { env })
  let said = ''
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      said += chunk.toString()
      if (said.includes('Countersign runs.')) resolve()
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.once('exit', () => reject(new Error(`it ended before it ran: ${said}`)))
  })
  return {
    home,
    apiUrl: `http://127.0.0.1:${port}`,
    async node(script, ...words) {
      try {
        const { stdout, stderr } = await run(process.execPath, [script, ...words], { env })
        return { code: 0, stdout, stderr }
      } catch (error) {
        const {
          code = 1,
          stdout = '',
          stderr = String(error),
        } = error as {
          readonly code?: number
          readonly stdout?: string
          readonly stderr?: string
        }
        return { code, stdout, stderr }
      }
    },
    async stop() {
      if (child.exitCode === null) {
        child.kill('SIGINT')
        await once(child, 'exit')
      }
      rmSync(home, { recursive: true, force: true })
    },
  }
}
