import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { loadConfig } from '../config.js'
import type { Config } from '../config.js'
import { entriesOf } from './dev/entries.js'
import type { Entry } from './dev/entry.js'
import { lockHome } from './dev/home-lock.js'
import { assertPortsFree, portsOf } from './dev/ports.js'
import { seedRegistry } from './dev/seed.js'
import { createSupervisor } from './dev/supervisor.js'
import type { Supervisor } from './dev/supervisor.js'
import { loadInstallation } from './installation.js'
import { sayingOf } from './process.js'
import { endStrayServer } from './temporal/stray.js'

/** Longer than a child that lost its parent takes to end by itself. */
const earlierStartEndsWithinMs = 12_000

const sameSignalMs = 700

const say = (line: string) => void process.stdout.write(`${line}\n`)

function addresses(config: Config): Readonly<Record<string, string>> {
  const { temporal } = config
  return {
    recorder: config.recorderUrl,
    identity: config.oidc.issuer,
    api: config.publicOrigin,
    temporal:
      temporal.kind === 'embedded' ? `http://localhost:${temporal.uiPort}` : 'the cluster given',
  }
}

function sayAll(config: Config, entries: readonly Entry[]): void {
  const names = new Set(entries.map(({ name }) => name))
  const shown = addresses(config)
  const line = (name: string, label: string) =>
    names.has(name) ? [`  ${label.padEnd(22)}${shown[name] ?? ''}`] : []
  const lines = [
    '',
    'Countersign runs.',
    ...line('api', 'API and pages'),
    ...line('temporal', "Temporal's own pages"),
    ...line('identity', 'Sign-in (development)'),
    `  ${'Data and logs'.padEnd(22)}${config.home}`,
    '',
    'Next, in another shell:',
    '  npm run demo                                   the whole story in a minute',
    '  npx countersign token --as mira                a bearer token for one of the example people',
    '',
    'Ctrl-C stops all of it; starting again continues where it was.',
    '',
  ]
  say(lines.join('\n'))
}

async function main(): Promise<void> {
  const env = { COUNTERSIGN_DEVELOPMENT: '1', ...process.env }
  const config = loadConfig(env)
  const lock = lockHome(config.home)
  process.once('exit', () => lock.release())
  const { id } = loadInstallation(config.home, config.development)
  say(`Countersign ${id}${config.development ? ', for development,' : ''} in ${config.home}`)
  if (seedRegistry(config.registry, config.home)) say('The registry now holds the example models.')
  await endStrayServer(config.home)
  await assertPortsFree(portsOf(config), lock.wasLeft ? earlierStartEndsWithinMs : 0)

  const entries = entriesOf(config).filter(({ script }) => existsSync(script))
  const supervisor = createSupervisor(entries, {
    env: { ...env, COUNTERSIGN_HOME: config.home },
    logFolder: join(config.home, 'logs'),
    leash: new URL('./dev/leash.js', import.meta.url).href,
    say,
    backoffMs: { first: 500, most: 30_000 },
  })

  const stopping = stopOnSignals(supervisor)
  // Even when every child stays down, whoever reads why ends this.
  setInterval(() => undefined, 60_000)
  const shown = addresses(config)
  await supervisor.start(({ name }) => {
    const address = shown[name]
    say(address === undefined ? `${name} runs` : `${name} answers: ${address}`)
  })
  if (!stopping.aborted) sayAll(config, entries)
}

/** The first signal stops all in order, a second one at once. What follows right behind is npm passing on the same Ctrl-C. */
function stopOnSignals(supervisor: Supervisor): AbortSignal {
  const stopping = new AbortController()
  let firstAt = 0
  const stop = () => {
    if (!stopping.signal.aborted) {
      stopping.abort()
      firstAt = Date.now()
      say('Stopping … (Ctrl-C again ends everything at once)')
      void supervisor.stop().then(() => process.exit(0))
    } else if (Date.now() - firstAt > sameSignalMs) {
      supervisor.kill()
      process.exit(130)
    }
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  return stopping.signal
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${sayingOf(error)}\n`)
  process.exit(1)
}
