import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { withLock } from './lock.js'
import { temporalModuleFolder } from './paths.js'
import type { Env, Say } from './paths.js'

const cliPackage = 'github.com/temporalio/cli/cmd/temporal'

const progressEveryMs = 10_000

/** What is left of the compiler's words; the end says what went wrong. */
const keptOutput = 2_000

/**
 * Builds Temporal's command line from the versions that tools/temporal pins, and moves it to its
 * place whole. Of two that build at once one does, and the other waits for it.
 *
 * @throws Error with what Go said
 */
export async function buildTemporal(path: string, env: Env, say: Say): Promise<void> {
  mkdirSync(dirname(path), { recursive: true })
  await withLock(`${path}.lock`, say, async () => {
    if (existsSync(path)) return
    say('Building Temporal once from its source with Go; this takes 2 to 6 minutes.')
    const started = Date.now()
    const elapsed = () => `${Math.round((Date.now() - started) / 1000)} s`
    const ticker = setInterval(() => say(`Building Temporal … ${elapsed()}`), progressEveryMs)
    const half = `${path}.${process.pid}`
    try {
      await runGo(half, env)
      renameSync(half, path)
      say(`Built Temporal in ${elapsed()}; it is kept in ${dirname(path)}.`)
    } finally {
      clearInterval(ticker)
      rmSync(half, { force: true })
    }
  })
}

async function runGo(output: string, env: Env): Promise<void> {
  const args = ['build', '-trimpath', '-ldflags', '-s -w', '-o', output, cliPackage]
  const go = spawn('go', args, {
    cwd: temporalModuleFolder(),
    env: { ...env, GOFLAGS: '-mod=readonly' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  const keep = (chunk: Buffer) => (said = (said + chunk.toString()).slice(-keptOutput))
  go.stdout.on('data', keep)
  go.stderr.on('data', keep)
  const stop = () => go.kill()
  process.once('exit', stop)
  try {
    const [code, signal] = await once(go, 'close')
    if (code !== 0) throw new Error(`go ended with ${signal ?? code}: ${said.trim()}`)
  } catch (error) {
    throw isMissing(error) ? new Error('Go is not on PATH', { cause: error }) : error
  } finally {
    process.off('exit', stop)
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
