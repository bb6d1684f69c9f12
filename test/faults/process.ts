import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

const main = resolve('dist/src/main')

const readyWithinMs = 60_000

/** As `npm start` does, roughly, so that a process that gives up by itself comes back. */
const againAfterMs = 500

/** One of our processes, as its own program. It never outlives the tests: it is on the supervisor's leash. */
export interface OurProcess {
  readonly name: string
  /** Resolves when it says that it does its work. */
  start(): Promise<void>
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>
  /** SIGTERM; resolves when it has ended. */
  stop(): Promise<void>
  /** SIGSTOP and SIGCONT: alive, and silent. */
  freeze(): void
  thaw(): void
  /** How often it ended though nobody killed it. */
  readonly falls: () => number
}

export function createProcess(name: string, env: NodeJS.ProcessEnv, logs: string): OurProcess {
  mkdirSync(logs, { recursive: true })
  let child: ChildProcess | null = null
  let isWanted = false
  let falls = 0

  function spawnChild(): { readonly child: ChildProcess; readonly ready: Promise<void> } {
    const started = fork(join(main, `${name}.js`), [], {
      env,
      execArgv: ['--import', pathToFileURL(join(main, 'dev', 'leash.js')).href],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    const log = createWriteStream(join(logs, `${name}.log`), { flags: 'a' })
    const ready = new Promise<void>((done) => {
      for (const input of [started.stdout, started.stderr]) {
        if (!input) continue
        createInterface({ input }).on('line', (line) => {
          log.write(`${new Date().toISOString()} ${line}\n`)
          if (line.startsWith('{"ready":true')) done()
        })
      }
    })
    started.once('close', () => log.end())
    started.once('exit', () => void rise(started))
    return { child: started, ready }
  }

  async function rise(ended: ChildProcess): Promise<void> {
    if (ended !== child || !isWanted) return
    falls += 1
    await delay(againAfterMs)
    if (ended === child && isWanted) child = spawnChild().child
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    isWanted = false
    const ending = child
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return
    const ended = once(ending, 'exit')
    ending.kill(signal)
    await ended
  }

  return {
    name,
    async start() {
      isWanted = true
      const started = spawnChild()
      child = started.child
      const late = delay(readyWithinMs, undefined, { ref: false }).then(() => {
        throw new Error(`${name} did not start within ${readyWithinMs} ms: see ${logs}`)
      })
      await Promise.race([started.ready, late])
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    falls: () => falls,
  }
}
