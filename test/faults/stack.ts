import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { createRecorderClient } from '../../recorder/client.js'
import { loadTokens } from '../../recorder/tokens.js'
import { loadInstallation, readPrivateKey } from '../../src/main/installation.js'
import { copyGovernance, makeRegistry } from './furnish.js'
import { createProcess, type OurProcess } from './process.js'

/** In the order in which they need each other. */
const names = ['temporal', 'recorder', 'identity', 'api', 'worker', 'release'] as const
export type Name = (typeof names)[number]

const isBuilt = (name: Name) => existsSync(join('dist/src/main', `${name}.js`))

/** What can be killed here: the identity provider holds nothing of a promotion. */
export const victims: readonly Name[] = names.filter((name) => name !== 'identity' && isBuilt(name))

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}

/** This shell's own settings must not lead the processes elsewhere. */
function ownEnv(): NodeJS.ProcessEnv {
  const foreign = /^(TEMPORAL_|COUNTERSIGN_(?!TEMPORAL_CLI))/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)))
}

async function settingsOf(home: string) {
  const [port, recorder, identity, temporal, ui] = await freePorts(5)
  return {
    COUNTERSIGN_DEVELOPMENT: '1',
    COUNTERSIGN_HOME: home,
    COUNTERSIGN_PORT: `${port}`,
    COUNTERSIGN_RECORDER_PORT: `${recorder}`,
    COUNTERSIGN_IDENTITY_PORT: `${identity}`,
    COUNTERSIGN_TEMPORAL_PORT: `${temporal}`,
    COUNTERSIGN_TEMPORAL_UI_PORT: `${ui}`,
    COUNTERSIGN_GOVERNANCE: join(home, 'governance'),
    COUNTERSIGN_HEARTBEAT_SECONDS: '2',
    COUNTERSIGN_OBSERVE_ALIAS_SECONDS: '1',
  }
}

/** A home of its own with a governance set, an empty registry and the settings of one installation. */
export async function makeHome() {
  const home = mkdtempSync(join(tmpdir(), 'countersign-faults-'))
  copyGovernance(join(home, 'governance'))
  makeRegistry(join(home, 'registry'))
  const settings = await settingsOf(home)
  return { home, settings, env: { ...ownEnv(), ...settings } }
}

export type Home = Awaited<ReturnType<typeof makeHome>>

/** How those who stand outside reach an installation: the log, the texts, Temporal, and the API's key. */
export async function reach({ home, settings }: Home) {
  const installation = loadInstallation(home, true)
  const tokens = await loadTokens(home)
  const url = `http://127.0.0.1:${settings.COUNTERSIGN_RECORDER_PORT}`
  const logOf = (role: string) => {
    const token = tokens.find((one) => one.role === role)?.token ?? ''
    const follow = { minBackoffMs: 20, maxBackoffMs: 100 }
    return createRecorderClient({ url, token, timeoutMs: 3_000, follow })
  }
  const connection = Connection.lazy({
    address: `127.0.0.1:${settings.COUNTERSIGN_TEMPORAL_PORT}`,
  })
  const { key, keyId } = readPrivateKey(home, 'api')
  return {
    installation: installation.id,
    log: logOf('worker'),
    texts: logOf('api'),
    client: new Client({ connection }),
    apiSigner: { key, keyid: `api:${keyId}` },
    close: () => connection.close(),
  }
}

export type Reach = Awaited<ReturnType<typeof reach>>

function pidIn(path: string): number {
  return existsSync(path) ? Number(readFileSync(path, 'utf8').trim()) : 0
}

function endPid(pid: number): void {
  try {
    if (pid > 0) process.kill(pid, 'SIGKILL')
  } catch {
    // It was gone already.
  }
}

/**
 * All of Countersign as separate programs. Each can be killed and started again.
 *
 * @param prepare what is done to the home before anything runs in it
 */
export async function startStack(prepare: (home: string) => void = () => undefined) {
  const made = await makeHome()
  const { home, env } = made
  prepare(home)
  loadInstallation(home, true)
  const logs = join(home, 'logs')
  const processes = new Map<Name, OurProcess>(
    names.filter(isBuilt).map((name) => [name, createProcess(name, env, logs)]),
  )
  const of = (name: Name): OurProcess => {
    const found = processes.get(name)
    if (!found) throw new Error(`there is no process ${name}`)
    return found
  }
  const start = (some: readonly Name[]) =>
    Promise.all(some.filter((name) => processes.has(name)).map((name) => of(name).start()))
  // The server that the Temporal process runs is what matters; its parent alone would be an easy death.
  const kill = async (name: Name) => {
    const server = name === 'temporal' ? pidIn(join(home, 'temporal', 'pid')) : 0
    endPid(server)
    await of(name).kill()
  }
  const close = async () => {
    await Promise.all([...processes.keys()].map(kill))
    rmSync(home, { recursive: true, force: true })
  }
  try {
    await start(['temporal', 'recorder', 'identity'])
    await start(['api', 'worker', 'release'])
    return { ...made, processes, of, kill, close, outside: await reach(made) }
  } catch (error) {
    await close()
    throw error
  }
}

/** An installation as those see it who stand outside. */
export type Installed = Pick<Stack, 'home' | 'settings' | 'outside'>

export type Stack = Awaited<ReturnType<typeof startStack>>
