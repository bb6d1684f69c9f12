import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { createRecorderClient, type RecorderClient } from '../../recorder/client.js'
import type { NewEvent } from '../../recorder/event-log.js'
import { tokenPath } from '../../recorder/tokens.js'
import { verifyLog } from '../../recorder/verify.js'

const entry = 'dist/src/main/recorder.js'
const at = '2026-11-22T20:29:00.000Z'

beforeAll(() => {
  if (!existsSync(entry)) throw new Error(`${entry} is missing: npm run build`)
})

interface Child {
  readonly process: ChildProcess
  readonly url: string
  readonly leaves: number
}

async function newHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'countersign-live-recorder-'))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
  return home
}

function launch(home: string, port: number): ChildProcess {
  const child = spawn(process.execPath, [entry], {
    env: { ...process.env, COUNTERSIGN_HOME: home, COUNTERSIGN_RECORDER_PORT: `${port}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return child
}

/** Starts the recorder as a process of its own and waits for its ready line. */
async function start(home: string, port = 0): Promise<Child> {
  const child = launch(home, port)
  if (!child.stdout || !child.stderr) throw new Error('pipes were expected')
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  for await (const line of createInterface({ input: child.stdout })) {
    const { url, leaves } = JSON.parse(line)
    return { process: child, url, leaves }
  }
  throw new Error(`the recorder did not start: ${said}`)
}

async function killed(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const exited = once(child, 'exit')
  child.kill(signal)
  const [code] = await exited
  return code
}

async function workerOf(home: string, url: string): Promise<RecorderClient> {
  const token = (await readFile(tokenPath(home, 'worker'), 'utf8')).trim()
  return createRecorderClient({ url, token, timeoutMs: 2_000 })
}

/** A small generator with a seed, so that a failing run can be had again. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return state / 2 ** 32
  }
}

function eventsOf(stream: number, seq: number, count: number): NewEvent[] {
  return Array.from({ length: count }, (_, n) => ({
    type: 'stepped',
    at,
    person: null,
    body: { stream, seq: seq + n, filler: 'x'.repeat(200) },
  }))
}

/** Appends to one stream, sending each append again until it is acknowledged. */
async function appendUntil(
  client: RecorderClient,
  stream: number,
  isOver: () => boolean,
): Promise<number> {
  let acknowledged = 0
  for (;;) {
    const count = 1 + (acknowledged % 3)
    if (isOver()) return acknowledged
    try {
      const result = await client.append(
        `promotion:prm_${stream}`,
        acknowledged,
        eventsOf(stream, acknowledged, count),
      )
      if (result.kind === 'conflict') throw new Error(`conflict at ${result.nextSeq}`)
      acknowledged += count
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'LOG_UNAVAILABLE'))
        throw error
    }
  }
}

async function bounceAfter(child: Child, home: string, port: number, ms: number): Promise<Child> {
  await new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
  await killed(child.process, 'SIGKILL')
  return start(home, port)
}

test.each([20_261_122, 7, 4_711])(
  'killed at random moments (seed %i), every acknowledged event is there, none doubled, none half',
  async (seed) => {
    const home = await newHome()
    const random = createRandom(seed)
    let child = await start(home)
    const port = Number(new URL(child.url).port)
    const client = await workerOf(home, child.url)
    let isOver = false
    const appending = [0, 1, 2, 3].map((stream) => appendUntil(client, stream, () => isOver))
    for (let kill = 0; kill < 6; kill += 1) {
      child = await bounceAfter(child, home, port, 20 + random() * 180)
    }
    isOver = true
    const acknowledged = await Promise.all(appending)
    expect(Math.min(...acknowledged)).toBeGreaterThan(10)
    for (const [stream, count] of acknowledged.entries()) {
      const read = await client.read(`promotion:prm_${stream}`)
      expect(read.map(({ body }) => body['seq'])).toEqual(read.map((_, seq) => seq))
      expect(read.length).toBe(count)
    }
    expect(await killed(child.process, 'SIGTERM')).toBe(0)
    const leaves = acknowledged.reduce((sum, count) => sum + count, 0)
    expect(await verifyLog(home)).toMatchObject({ kind: 'sound', leaves, tornBytes: 0 })
  },
  120_000,
)

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s finishes what was begun, gives the folder free and exits with 0',
  async (signal) => {
    const home = await newHome()
    const child = await start(home)
    const client = await workerOf(home, child.url)
    const appended = client.append('governance', 0, eventsOf(0, 0, 1))
    const stop = new AbortController()
    const following = client.follow(0, stop.signal)[Symbol.asyncIterator]()
    await following.next()
    await appended
    expect(await killed(child.process, signal)).toBe(0)
    stop.abort()
    expect(existsSync(join(home, 'recorder.lock'))).toBe(false)
    expect((await start(home)).leaves).toBe(1)
  },
  30_000,
)

test('a second recorder on the same folder is refused, and the first goes on', async () => {
  const home = await newHome()
  const first = await start(home)
  await expect(start(home)).rejects.toThrow(`is held by process ${first.process.pid}`)
  const client = await workerOf(home, first.url)
  expect(await client.append('governance', 0, eventsOf(0, 0, 1))).toMatchObject({
    kind: 'appended',
  })
}, 30_000)

test('a token file that others may read is refused by name', async () => {
  const home = await newHome()
  await killed((await start(home)).process, 'SIGTERM')
  const path = tokenPath(home, 'api')
  expect((await stat(path)).mode % 0o1000).toBe(0o600)
  await chmod(path, 0o644)
  await expect(start(home)).rejects.toThrow(`${path} may be read by others`)
}, 30_000)

test('a full disk refuses appends by name, and the recorder goes on by itself once there is space', async (context) => {
  const home = await newHome()
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', home])
  if (mounted.status !== 0) context.skip('mounting a small tmpfs needs root')
  onTestFinished(() => {
    spawnSync('umount', ['-l', home])
  })
  const child = await start(home)
  const client = await workerOf(home, child.url)
  let acknowledged = 0
  const fill = async (): Promise<void> => {
    for (;;) {
      await client.append('governance', acknowledged, eventsOf(0, acknowledged, 3))
      acknowledged += 3
    }
  }
  await writeFile(join(home, 'ballast'), Buffer.alloc(64 * 1024))
  await expect(fill()).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE', message: /disk full/ })
  expect(await client.size()).toBe(acknowledged)
  await rm(join(home, 'ballast'))
  const again = await client.append('governance', acknowledged, eventsOf(0, acknowledged, 3))
  expect(again).toMatchObject({ kind: 'appended' })
  expect(await killed(child.process, 'SIGTERM')).toBe(0)
  expect(await verifyLog(home)).toMatchObject({ kind: 'sound', leaves: acknowledged + 3 })
}, 60_000)
