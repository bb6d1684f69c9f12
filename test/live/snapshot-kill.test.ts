import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createFolderRegistry } from '../../activities/registry/folder.js'
import { createSnapshotStore } from '../../activities/snapshot/store.js'
import { hashSnapshot, takeSnapshot } from '../../activities/snapshot/take.js'

const compiled = resolve('dist/activities')
const what = { model: 'risk', version: '1' }
const fileCount = 60
const fileBytes = 300_000

const preamble = `
const { join } = await import('node:path')
const at = (path) => import(process.argv[2] + '/' + path)
const { createFolderRegistry, createFolderAliasWriter } = await at('registry/folder.js')
const { createSnapshotStore } = await at('snapshot/store.js')
const { takeSnapshot } = await at('snapshot/take.js')
const root = join(process.argv[1], 'registry')
const store = createSnapshotStore({ dir: join(process.argv[1], 'store') })
const take = (onProgress) => takeSnapshot({
  registry: createFolderRegistry({ root }), store, model: 'risk', version: '1', checkpointId: 'p', onProgress,
})`

const taking = `${preamble}
await take(({ files }) => process.stdout.write(files + '\\n'))`

/** Tries both writes where no file may grow, which is what a full disk looks like to a process. */
const onFullDisk = `${preamble}
const codes = []
await take().catch((error) => codes.push(error.code))
await createFolderAliasWriter({ root }).moveAlias('risk', 'production', '1', '2')
  .catch((error) => codes.push(error.code))
process.stdout.write(JSON.stringify(codes) + '\\n')`

let folder = ''

beforeEach(async () => {
  if (!existsSync(compiled)) throw new Error('run npm run build first: children run compiled code')
  folder = await mkdtemp(join(tmpdir(), 'countersign-kill-'))
  await mkdir(join(folder, 'registry', 'risk', '1'), { recursive: true })
  await mkdir(join(folder, 'registry', 'risk', '2'))
  for (let count = 0; count < fileCount; count += 1)
    await writeFile(
      join(folder, 'registry', 'risk', '1', `f${count}`),
      Buffer.alloc(fileBytes, count),
    )
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

const argumentsFor = (script: string) => [
  '--input-type=module',
  '-e',
  script,
  folder,
  pathToFileURL(compiled).href,
]

async function killedAfterFiles(count: number): Promise<void> {
  const child = spawn(process.execPath, argumentsFor(taking), {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close')
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (Number(line) >= count) child.kill('SIGKILL')
  })
  const [, signal] = (await closed) as [number | null, string | null]
  expect(signal).toBe('SIGKILL')
}

async function journalledPaths(): Promise<string[]> {
  const checkpoints = join(folder, 'store', 'checkpoints')
  const [name = ''] = await readdir(checkpoints)
  const text = await readFile(join(checkpoints, name), 'utf8')
  return [...text.matchAll(/"path":"(f\d+)".*\}$/gm)].map(([, path = '']) => path)
}

test('a snapshot that is killed again and again starts no finished file twice', async () => {
  const registry = createFolderRegistry({ root: join(folder, 'registry') })
  const store = createSnapshotStore({ dir: join(folder, 'store') })
  for (const count of [7, 21, 40]) await killedAfterFiles(count)
  const finished = await journalledPaths()
  expect(new Set(finished).size).toBe(finished.length)
  expect(finished.length).toBeGreaterThanOrEqual(40)

  const opened: string[] = []
  const spying = {
    ...registry,
    open: (...call: Parameters<typeof registry.open>) => {
      opened.push(call[2])
      return registry.open(...call)
    },
  }
  const snapshot = await takeSnapshot({ registry: spying, store, ...what, checkpointId: 'p' })
  expect(opened.length).toBe(fileCount - finished.length)
  expect(opened.filter((path) => finished.includes(path))).toEqual([])
  expect(snapshot).toEqual(await hashSnapshot({ registry, ...what }))
  await store.verify(snapshot)
}, 60_000)

test('a full disk refuses snapshot and alias, and leaves nothing half done', async () => {
  const aliases = join(folder, 'registry', 'aliases.json')
  const before = '{"risk":{"production":"1"}}\n'
  await writeFile(aliases, before)
  const limited = ['-c', 'ulimit -f 0; exec "$@"', 'sh', process.execPath]
  // A pipe is no file: what the child says still comes through.
  const child = spawn('sh', [...limited, ...argumentsFor(onFullDisk)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  await once(child, 'close')
  expect(JSON.parse(said)).toEqual(['LIMIT_REACHED', 'REGISTRY_UNAVAILABLE'])
  expect(await readFile(aliases, 'utf8')).toBe(before)
  expect(await readdir(join(folder, 'store', 'drafts'))).toEqual([])
  expect((await readdir(join(folder, 'registry'))).toSorted()).toEqual([
    '.aliases.lock',
    'aliases.json',
    'risk',
  ])
}, 30_000)
