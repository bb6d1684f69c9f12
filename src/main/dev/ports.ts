import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '../../config.js'
import { PromotionError } from '../../domain/errors.js'
import { isCode } from '../files.js'

export interface PortUse {
  readonly host: string
  readonly port: number
  readonly what: string
  /** The setting that moves it. */
  readonly setting: string
}

const pollMs = 250

export function portsOf(config: Config): readonly PortUse[] {
  const host = '127.0.0.1'
  const { temporal } = config
  const ours = [
    { host: config.host, port: config.port, what: 'the API', setting: 'COUNTERSIGN_PORT' },
    {
      host,
      port: config.recorderPort,
      what: 'the recorder',
      setting: 'COUNTERSIGN_RECORDER_PORT',
    },
    {
      host,
      port: config.identityPort,
      what: 'the identity provider',
      setting: 'COUNTERSIGN_IDENTITY_PORT',
    },
  ]
  if (temporal.kind === 'existing') return ours
  const { port, uiPort } = temporal
  return [
    ...ours,
    { host, port, what: 'Temporal', setting: 'COUNTERSIGN_TEMPORAL_PORT' },
    { host, port: uiPort, what: "Temporal's pages", setting: 'COUNTERSIGN_TEMPORAL_UI_PORT' },
  ]
}

/**
 * @param withinMs how long to wait for ports that an earlier start is about to give free
 * @throws PromotionError `CONFIG_INVALID` that names each port in use and the setting that moves it
 */
export async function assertPortsFree(ports: readonly PortUse[], withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs
  let taken = await takenOf(ports)
  while (taken.length > 0 && Date.now() < deadline) {
    await delay(pollMs)
    taken = await takenOf(ports)
  }
  if (taken.length === 0) return
  const lines = taken.map(
    ({ port, what, setting }) => `  port ${port} for ${what}: set ${setting} to another`,
  )
  throw new PromotionError('CONFIG_INVALID', ['in use already:', ...lines].join('\n'))
}

async function takenOf(ports: readonly PortUse[]): Promise<readonly PortUse[]> {
  const answers = await Promise.all(ports.map(async (use) => ((await isTaken(use)) ? [use] : [])))
  return answers.flat()
}

function isTaken({ host, port }: PortUse): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error) => {
      if (isCode(error, 'EADDRINUSE')) return resolve(true)
      reject(error)
    })
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(false)))
  })
}
