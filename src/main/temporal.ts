import { join } from 'node:path'
import { loadConfig } from '../config.js'
import type { Config } from '../config.js'
import { runUntilStopped, sayingOf } from './process.js'
import type { Running } from './process.js'
import { temporalConnection } from './temporal/connect.js'
import { findTemporal } from './temporal/find.js'
import { prepareTemporal } from './temporal/prepare.js'
import { startServer } from './temporal/server.js'
import { endStrayServer, forgetServer, noteServer } from './temporal/stray.js'
import { assertDatabaseVersion } from './temporal/version.js'

const answersWithinMs = 30_000

const say = (line: string) => void process.stdout.write(`${line}\n`)

await runUntilStopped('temporal', async () => {
  const config = loadConfig()
  return config.temporal.kind === 'embedded' ? startEmbedded(config) : useExisting(config)
})

async function startEmbedded({ home, temporal }: Config): Promise<Running> {
  if (temporal.kind !== 'embedded') throw new Error('there is a cluster already')
  const cli = await findTemporal(process.env, say)
  await endStrayServer(home)
  assertDatabaseVersion(home, cli.serverVersion)
  const logFile = join(home, 'logs', 'temporal-server.log')
  const server = startServer(cli, { ...temporal, home, logFile })
  noteServer(home, server.child.pid)
  process.once('exit', () => server.child.kill('SIGKILL'))
  const gaveUp = AbortSignal.timeout(answersWithinMs)
  const died = diedOf(server.ended, logFile)
  await Promise.race([
    prepareTemporal(temporalConnection(temporal), { signal: gaveUp, setsRetention: true }),
    died,
  ])
  let isStopping = false
  void died.catch((error: unknown) => {
    if (isStopping) return
    process.stderr.write(`temporal: ${sayingOf(error)}\n`)
    process.exit(1)
  })
  return {
    close: async () => {
      isStopping = true
      await server.close()
      forgetServer(home)
    },
  }
}

async function diedOf(ended: Promise<void>, logFile: string): Promise<never> {
  await ended
  throw new Error(`Temporal's server ended by itself; ${logFile} may tell why`)
}

/** Nothing of ours runs then; the process stays so that it is restarted with the others. */
async function useExisting({ temporal }: Config): Promise<Running> {
  const gaveUp = AbortSignal.timeout(answersWithinMs)
  await prepareTemporal(temporalConnection(temporal), { signal: gaveUp, setsRetention: false })
  const alive = setInterval(() => undefined, 60_000)
  return { close: async () => clearInterval(alive) }
}
