import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { createWriteStream, existsSync, renameSync, statSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import type { Entry } from './entry.js'
import { isReadyLine, shownLine } from './lines.js'

export interface ChildDeps {
  readonly env: NodeJS.ProcessEnv
  readonly logFolder: string
  /** URL of the compiled leash.js. */
  readonly leash: string
  /** Shows one line, with the name of whom it is about. */
  readonly say: (line: string) => void
}

export interface RunningChild {
  readonly process: ChildProcess
  /** Resolves at the line by which it says that it is ready; never where it says none. */
  readonly saidReady: Promise<unknown>
  /** How it ended; an exit code, a signal, or that it could not be started. */
  readonly ended: Promise<number | string>
}

const largestLogBytes = 10 * 1024 * 1024

/** Starts one process in a group of its own, so that Ctrl-C reaches only the parent, which then stops all in order. */
export function startChild(entry: Entry, deps: ChildDeps): RunningChild {
  const child = fork(entry.script, [], {
    detached: true,
    env: deps.env,
    execArgv: ['--import', deps.leash],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const log = createWriteStream(logPath(deps.logFolder, entry.name), { flags: 'a', mode: 0o600 })
  const events = new EventEmitter()
  const saidReady = once(events, 'ready')
  for (const stream of ['stdout', 'stderr'] as const) {
    const input = child[stream]
    if (!input) continue
    createInterface({ input }).on('line', (line) => {
      log.write(`${line}\n`)
      if (isReadyLine(line)) events.emit('ready')
      const shown = shownLine(line, stream, entry)
      if (shown !== null) deps.say(`${entry.name}: ${withoutName(shown, entry.name)}`)
    })
  }
  const ended = endOf(child).finally(() => log.end())
  return { process: child, saidReady, ended }
}

/** Waits for `close`, not `exit`: the last words of a process that failed tell why. */
async function endOf(child: ChildProcess): Promise<number | string> {
  try {
    const [code, signal] = await once(child, 'close')
    return code ?? signal
  } catch (error) {
    return String(error)
  }
}

/** What the last run wrote is kept; more than one old file would only fill the disk. */
function logPath(folder: string, name: string): string {
  const path = join(folder, `${name}.log`)
  if (existsSync(path) && statSync(path).size > largestLogBytes) renameSync(path, `${path}.old`)
  return path
}

function withoutName(line: string, name: string): string {
  return line.startsWith(`${name}: `) ? line.slice(name.length + 2) : line
}
