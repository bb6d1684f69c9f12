import { serve } from '@hono/node-server'
import { once } from 'node:events'
import { Server } from 'node:http'
import { PromotionError } from '../src/domain/errors.js'
import { openFileLog, type FileLog } from './file-log.js'
import { messageOf } from './log/log-fault.js'
import { silentLogger, type Logger } from './logger.js'
import { createNotes } from './notes.js'
import type { RoleToken } from './roles.js'
import { createRecorderApp } from './server.js'
import { openTextStore } from './text-store.js'

const host = '127.0.0.1'
const stopPatienceMs = 3_000

export interface RecorderOptions {
  /** The data folder: `log/`, `payloads/` and `keys/` lie below it. */
  readonly dir: string
  /** 0 takes any free port. */
  readonly port: number
  readonly tokens: readonly RoleToken[]
  readonly logger?: Logger
  /** Default 15,000. */
  readonly keepAliveMs?: number
}

export interface RunningRecorder {
  readonly url: string
  readonly port: number
  /** How many leaves the log held at the start. */
  readonly leaves: number
  /** Ends every `follow`, finishes what was begun and gives the folder free. */
  close(): Promise<void>
}

async function listen(fetch: (request: Request) => unknown, port: number): Promise<Server> {
  const server = serve({ fetch, hostname: host, port })
  if (!(server instanceof Server)) throw new Error('an HTTP/1.1 server was expected')
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new PromotionError(
      'CONFIG_INVALID',
      `the recorder cannot listen on ${host}:${port}: ${messageOf(cause)}`,
      { remedy: 'stop what uses the port, or choose another one' },
      { cause },
    )
  }
  return server
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Lets begun requests end. A kept-alive connection would hold the stop up, and so would a follower that reads no more. */
async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  const idle = setInterval(() => server.closeIdleConnections(), 10)
  const patience = setTimeout(() => server.closeAllConnections(), stopPatienceMs)
  try {
    await closed
  } finally {
    clearInterval(idle)
    clearTimeout(patience)
  }
}

/**
 * Opens log and stores in a folder and serves them on loopback.
 *
 * @throws PromotionError as `openFileLog`, and `CONFIG_INVALID` when the port is taken
 */
export async function startRecorder(options: RecorderOptions): Promise<RunningRecorder> {
  const { dir, logger = silentLogger } = options
  const log = await openFileLog({ dir, logger })
  try {
    return await serveLog(log, options, logger)
  } catch (error) {
    await log.close()
    throw error
  }
}

async function serveLog(
  log: FileLog,
  { dir, port, tokens, keepAliveMs = 15_000 }: RecorderOptions,
  logger: Logger,
): Promise<RunningRecorder> {
  const stopping = new AbortController()
  const app = createRecorderApp({
    log,
    texts: await openTextStore(dir),
    notes: createNotes(),
    tokens,
    logger,
    stopping: stopping.signal,
    keepAliveMs,
  })
  const server = await listen(app.fetch, port)
  const leaves = await log.size()
  return {
    url: `http://${host}:${portOf(server)}`,
    port: portOf(server),
    leaves,
    async close() {
      stopping.abort()
      await closeServer(server)
      await log.close()
    },
  }
}
