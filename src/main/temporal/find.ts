import { execFile } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { PromotionError } from '../../domain/errors.js'
import { buildTemporal } from './build.js'
import { downloadTemporal } from './download.js'
import { temporalCachePath } from './paths.js'
import type { Env, Say } from './paths.js'

export { temporalCachePath } from './paths.js'

/** A Temporal command line, and which server is in it. */
export interface TemporalCli {
  readonly path: string
  /** Like 1.31.2. */
  readonly serverVersion: string
}

/** Ways to get a command line when none lies ready: each gives its path, or throws why it cannot. */
export interface Makers {
  readonly build: (path: string, env: Env, say: Say) => Promise<void>
  readonly download: (path: string, say: Say) => Promise<void>
}

const execute = promisify(execFile)

/**
 * Temporal's command line: the one that is named, the one on PATH, the one in the cache, built
 * once with Go, or fetched by Temporal's own library. A named one that does not work is never
 * passed over.
 *
 * @throws PromotionError `CONFIG_INVALID` that names every remedy
 */
export async function findTemporal(
  env: Env,
  say: Say,
  makers: Makers = { build: buildTemporal, download: downloadTemporal },
): Promise<TemporalCli> {
  const named = env['COUNTERSIGN_TEMPORAL_CLI']
  if (named) return { path: named, serverVersion: await namedVersion(named) }
  const cached = temporalCachePath(env)
  const found = (await probe(onPath(env))) ?? (await probe(cached))
  if (found) return found
  const reasons: string[] = []
  const attempts = [
    { how: 'building it with Go', make: () => makers.build(cached, env, say) },
    { how: "Temporal's own download", make: () => makers.download(cached, say) },
  ]
  for (const { how, make } of attempts) {
    try {
      await make()
      return { path: cached, serverVersion: await serverVersionOf(cached) }
    } catch (error) {
      reasons.push(`${how}: ${error instanceof Error ? error.message : String(error)}`)
      say(`${how} did not work`)
    }
  }
  throw notFound(reasons)
}

/** @throws Error where the program does not run, or does not say which server it holds */
export async function serverVersionOf(path: string): Promise<string> {
  const { stdout } = await execute(path, ['--version'], { timeout: 20_000 })
  const version = /\(Server (\d+\.\d+\.\d+[^\s,)]*)/.exec(stdout)?.[1]
  if (version === undefined) throw new Error('it does not say which server it holds')
  return version
}

async function namedVersion(path: string): Promise<string> {
  try {
    return await serverVersionOf(path)
  } catch (cause) {
    const message = `COUNTERSIGN_TEMPORAL_CLI names ${path}, which is no Temporal command line that runs`
    throw new PromotionError('CONFIG_INVALID', message, {}, { cause })
  }
}

async function probe(path: string | null): Promise<TemporalCli | null> {
  if (path === null || !isExecutable(path)) return null
  try {
    return { path, serverVersion: await serverVersionOf(path) }
  } catch {
    return null
  }
}

function onPath(env: Env): string | null {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  const candidates = folders.map((folder) => join(folder, 'temporal'))
  return candidates.find(isExecutable) ?? null
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

function notFound(reasons: readonly string[]): PromotionError {
  const lines = [
    "Temporal's command line is not here, and could not be had:",
    ...reasons.map((reason) => `  - ${reason}`),
    'Any one of these helps:',
    '  - name one that you have: COUNTERSIGN_TEMPORAL_CLI=/path/to/temporal',
    '  - put `temporal` on PATH (https://docs.temporal.io/cli)',
    '  - install Go 1.26.4 or later (https://go.dev/dl), and it is built once, in some minutes',
    '  - start again where the internet can be reached',
    '  - use a cluster that runs already: TEMPORAL_ADDRESS=HOST:PORT',
  ]
  return new PromotionError('CONFIG_INVALID', lines.join('\n'))
}
