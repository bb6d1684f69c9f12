import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

const dist = resolve('dist', 'src', 'main')

let home: string
let started: ChildProcess[]

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'countersign-live-start-'))
  started = []
})

afterEach(async () => {
  for (const child of started) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
  }
  rmSync(home, { recursive: true, force: true })
})

/** A process whose words can be waited for. */
function run(script: string, env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [script], { env: { ...process.env, ...env } })
  started.push(child)
  let said = ''
  const hear = (chunk: Buffer) => {
    said += chunk.toString()
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  const ended = once(child, 'close').then(([code]) => Number(code))
  return {
    child,
    ended,
    said: () => said,
    until: (words: string) =>
      vi.waitFor(() => expect(said).toContain(words), { timeout: 60_000, interval: 20 }),
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** False where it still runs after 20 s. */
async function hasEnded(pid: number | undefined): Promise<boolean> {
  if (pid === undefined) throw new Error('it never ran')
  const deadline = Date.now() + 20_000
  while (isRunning(pid) && Date.now() < deadline) await delay(20)
  return !isRunning(pid)
}

interface Dummy {
  readonly name: string
  readonly stopStage: number
  readonly after?: readonly string[]
  /** What the dummy does on SIGTERM; ends by default. */
  readonly onStop?: string
  /** What it does at its start. */
  readonly body?: string
}

/** A small program that keeps dummies running as `npm start` keeps the real ones, and notes each start and end. */
function supervise(dummies: readonly Dummy[]): string {
  const notes = join(home, 'notes')
  const entries = dummies.map(({ name, onStop = 'process.exit(0)', body = '', ...rest }) => {
    const script = join(home, `${name}.mjs`)
    const lines = [
      `import { appendFileSync } from 'node:fs'`,
      `const note = (what) => appendFileSync(${JSON.stringify(notes)}, what + ' ${name} ' + process.pid + '\\n')`,
      `process.on('SIGTERM', () => { note('stop'); ${onStop} })`,
      `setInterval(() => {}, 1000)`,
      `note('start')`,
      body,
      `console.log('{"ready":true}')`,
    ]
    writeFileSync(script, lines.join('\n'))
    return { name, script, ready: 'line', stopWithinMs: 1_000, ...rest }
  })
  const main = join(home, 'main.mjs')
  const url = (path: string) => JSON.stringify(pathToFileURL(join(dist, path)).href)
  const lines = [
    `import { createSupervisor } from ${url('dev/supervisor.js')}`,
    `const supervisor = createSupervisor(${JSON.stringify(entries)}, {`,
    `  env: process.env, logFolder: ${JSON.stringify(join(home, 'logs'))}, leash: ${url('dev/leash.js')},`,
    `  say: (line) => console.log(line), backoffMs: { first: 50, most: 200 } })`,
    `process.on('SIGTERM', () => supervisor.stop().then(() => process.exit(0)))`,
    `setInterval(() => {}, 1000)`,
    `await supervisor.start(({ name }) => console.log(name + ' is ready'))`,
    `console.log('all ready')`,
  ]
  writeFileSync(main, lines.join('\n'))
  return main
}

function notes(): readonly (readonly [string, string, number])[] {
  const lines = readFileSync(join(home, 'notes'), 'utf8').trim().split('\n')
  return lines.map((line) => {
    const [what = '', name = '', pid = ''] = line.split(' ')
    return [what, name, Number(pid)] as const
  })
}

const pidsOf = (name: string) =>
  notes()
    .filter(([what, whose]) => what === 'start' && whose === name)
    .map(([, , pid]) => pid)

test('a child that was killed is started again, and it is said', async () => {
  const parent = run(supervise([{ name: 'a', stopStage: 1 }]))
  await parent.until('all ready')
  for (const round of [1, 2]) {
    process.kill(pidsOf('a').at(-1) ?? 0, 'SIGKILL')
    await vi.waitFor(() => expect(pidsOf('a')).toHaveLength(round + 1), { timeout: 10_000 })
  }
  expect(parent.said()).toContain('a: ended (SIGKILL); started again in 0.05 s')
})

test('a child whose settings are wrong is not started over and over', async () => {
  const body = `console.error('a: COUNTERSIGN_PORT must be a port'); process.exit(78)`
  const parent = run(supervise([{ name: 'a', stopStage: 1, body }]))
  await parent.until('a: stays down until its settings are mended')
  expect(parent.said()).toContain('a: COUNTERSIGN_PORT must be a port')
  parent.child.kill('SIGTERM')
  expect(await parent.ended).toBe(0)
  expect(pidsOf('a')).toHaveLength(1)
})

test('children start when what they need is ready, and stop in their order', async () => {
  const parent = run(
    supervise([
      { name: 'last', stopStage: 1, after: ['first'] },
      { name: 'first', stopStage: 2 },
    ]),
  )
  await parent.until('all ready')
  parent.child.kill('SIGTERM')
  expect(await parent.ended).toBe(0)
  expect(notes().map(([what, name]) => `${what} ${name}`)).toEqual([
    'start first',
    'start last',
    'stop last',
    'stop first',
  ])
})

test('a child that does not end by itself is ended', async () => {
  const parent = run(supervise([{ name: 'a', stopStage: 1, onStop: '' }]))
  await parent.until('all ready')
  parent.child.kill('SIGTERM')
  expect(await parent.ended).toBe(0)
  expect(parent.said()).toContain('a: did not end by itself')
  expect(await hasEnded(pidsOf('a')[0])).toBe(true)
})

test('when the parent is killed no child outlives it for long, not even one that hangs', async () => {
  const parent = run(
    supervise([
      { name: 'good', stopStage: 1 },
      { name: 'hangs', stopStage: 1, onStop: '' },
    ]),
  )
  await parent.until('all ready')
  parent.child.kill('SIGKILL')
  expect(await hasEnded(pidsOf('good')[0])).toBe(true)
  expect(await hasEnded(pidsOf('hangs')[0])).toBe(true)
}, 40_000)

async function freePorts(count: number): Promise<readonly string[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => String((server.address() as AddressInfo).port))
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}

async function settings(): Promise<Record<string, string>> {
  const [port = '', recorder = '', identity = '', temporal = '', ui = ''] = await freePorts(5)
  return {
    COUNTERSIGN_HOME: join(home, 'home'),
    COUNTERSIGN_PORT: port,
    COUNTERSIGN_RECORDER_PORT: recorder,
    COUNTERSIGN_IDENTITY_PORT: identity,
    COUNTERSIGN_TEMPORAL_PORT: temporal,
    COUNTERSIGN_TEMPORAL_UI_PORT: ui,
  }
}

const dev = join(dist, 'dev.js')

test('faulty settings stop the start before anything is made', async () => {
  const env = { ...(await settings()), COUNTERSIGN_PORT: 'http', COUNTERSIGN_HOST: '0.0.0.0' }
  const refused = run(dev, env)
  expect(await refused.ended).toBe(1)
  expect(refused.said()).toContain('COUNTERSIGN_PORT must')
  expect(refused.said()).toContain('COUNTERSIGN_HOST must be on this machine')
  expect(readdirSync(home)).toEqual([])
})

test('a port in use stops the start and names the setting', async () => {
  const env = await settings()
  const server = createServer().listen(Number(env['COUNTERSIGN_RECORDER_PORT']), '127.0.0.1')
  await once(server, 'listening')
  const refused = run(dev, env)
  expect(await refused.ended).toBe(1)
  expect(refused.said()).toContain('set COUNTERSIGN_RECORDER_PORT to another')
  server.close()
})

test('one command starts all; a second on the same home is refused; Ctrl-C stops all; starting again continues', async () => {
  const env = await settings()
  const first = run(dev, env)
  await first.until('Temporal')
  await first.until('recorder answers')
  await first.until('identity answers')
  await first.until('temporal answers')

  const second = run(dev, env)
  expect(await second.ended).toBe(1)
  expect(second.said()).toContain(`process ${first.child.pid}`)

  const begun = Date.now()
  first.child.kill('SIGINT')
  expect(await first.ended).toBe(0)
  expect(Date.now() - begun).toBeLessThan(15_000)

  const installation = join(home, 'home', 'installation.json')
  const before = readFileSync(installation, 'utf8')
  const again = run(dev, env)
  await again.until('temporal answers')
  expect(readFileSync(installation, 'utf8')).toBe(before)
  again.child.kill('SIGTERM')
  expect(await again.ended).toBe(0)
}, 120_000)
