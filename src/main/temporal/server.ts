import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { PromotionError } from '../../domain/errors.js'
import type { TemporalCli } from './find.js'
import { searchAttributeTypes } from './search-attributes.js'
import { databasePath } from './version.js'

export interface ServerOptions {
  readonly home: string
  readonly port: number
  readonly uiPort: number
  readonly namespace: string
  /** Where the server's own words go. */
  readonly logFile: string
}

export interface TemporalServer {
  readonly child: ChildProcess
  /** Resolves when it has ended, however it ended. */
  readonly ended: Promise<void>
  close(): Promise<void>
}

/** SQLite closes its file in far less; after that it is killed, which the write-ahead log survives too. */
const closeWithinMs = 3_000

/** Without these a file database is 3 to 15 times slower. */
const pragmas = ['journal_mode=WAL', 'synchronous=NORMAL']

/** Starts Temporal's development server on loopback with a database file. It answers somewhat later. */
export function startServer({ path }: TemporalCli, options: ServerOptions): TemporalServer {
  mkdirSync(dirname(options.logFile), { recursive: true, mode: 0o700 })
  const log = createWriteStream(options.logFile, { flags: 'a', mode: 0o600 })
  const child = spawn(path, argumentsOf(options), { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.pipe(log, { end: false })
  child.stderr.pipe(log, { end: false })
  const ended = endOf(child).finally(() => log.end())
  return { child, ended, close: () => closeServer(child, ended) }
}

function argumentsOf({ home, port, uiPort, namespace }: ServerOptions): string[] {
  const settings = {
    ip: '127.0.0.1',
    port: String(port),
    'ui-ip': '127.0.0.1',
    'ui-port': String(uiPort),
    'db-filename': databasePath(home),
    'log-level': 'warn',
    ...(namespace !== 'default' && { namespace }),
  }
  const attributes = Object.entries(searchAttributeTypes)
  return [
    'server',
    'start-dev',
    ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    ...pragmas.flatMap((pragma) => ['--sqlite-pragma', pragma]),
    ...attributes.flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
  ]
}

async function endOf(child: ChildProcess): Promise<void> {
  try {
    await once(child, 'exit')
  } catch (cause) {
    const message = `Temporal's server cannot be started: ${String(cause)}`
    throw new PromotionError('CONFIG_INVALID', message, {}, { cause })
  }
}

async function closeServer(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), closeWithinMs)
  await ended
  clearTimeout(timer)
}
