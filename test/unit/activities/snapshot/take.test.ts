import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createFolderRegistry } from '../../../../activities/registry/folder.js'
import type { ModelRegistry } from '../../../../activities/registry/registry.js'
import { createSnapshotStore, type SnapshotStore } from '../../../../activities/snapshot/store.js'
import {
  hashSnapshot,
  takeSnapshot,
  type SnapshotProgress,
} from '../../../../activities/snapshot/take.js'

let folder = ''
let version = ''
let store: SnapshotStore
let opened: string[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-take-'))
  version = join(folder, 'registry', 'risk', '1')
  store = createSnapshotStore({ dir: join(folder, 'store') })
  opened = []
  await put('a', 'one')
  await put('b/c', 'two')
  await put('d', 'three')
  await put('model.sig', 'signature')
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(version, path)), { recursive: true })
  await writeFile(join(version, path), text)
}

/** The real registry, with something that happens when a file is opened. */
function registryWhere(
  onOpen: (path: string) => Promise<void> = () => Promise.resolve(),
): ModelRegistry {
  const real = createFolderRegistry({ root: join(folder, 'registry') })
  return {
    ...real,
    async open(model, version, path, signal) {
      opened.push(path)
      await onOpen(path)
      return real.open(model, version, path, signal)
    },
  }
}

const what = { model: 'risk', version: '1' }
const take = (registry = registryWhere()) =>
  takeSnapshot({ registry, store, ...what, checkpointId: 'promotion/1' })

async function journals(): Promise<string[]> {
  return readdir(join(store.dir, 'checkpoints'))
}

test('a link refuses the whole snapshot', async () => {
  await symlink('a', join(version, 'link'))
  await expect(take()).rejects.toMatchObject({
    code: 'SNAPSHOT_REFUSED',
    detail: { field: 'link' },
  })
  expect(opened).toEqual([])
})

test.each<[string, (path: string) => Promise<void>, string]>([
  ['grows before it is read', (path) => appendFile(join(version, path), 'more'), 'd'],
  ['shrinks before it is read', (path) => writeFile(join(version, path), ''), 'd'],
  ['goes away', (path) => rm(join(version, path)), 'd'],
])('a file that %s makes the snapshot unstable', async (_, happen, name) => {
  const registry = registryWhere((path) => (path === name ? happen(path) : Promise.resolve()))
  const unstable = { code: 'SNAPSHOT_UNSTABLE', detail: { field: name } }
  await expect(take(registry)).rejects.toMatchObject(unstable)
  expect(await readdir(join(store.dir, 'manifests')).catch(() => [])).toEqual([])
})

test.each<[string, () => Promise<void>, string]>([
  ['is added', () => put('late', 'x'), 'late'],
  ['is removed after it was read', () => rm(join(version, 'a')), 'a'],
  ['is renamed after it was read', () => rename(join(version, 'a'), join(version, 'A2')), 'a'],
  ['grows after it was read', () => appendFile(join(version, 'a'), 'x'), 'a'],
])('a file that %s meanwhile makes the snapshot unstable', async (_, happen, name) => {
  // The last file in order is opened when the first one is long done: two are read at once.
  const registry = registryWhere((path) => (path === 'model.sig' ? happen() : Promise.resolve()))
  await expect(hashSnapshot({ registry, ...what })).rejects.toMatchObject({
    code: 'SNAPSHOT_UNSTABLE',
    detail: { field: name },
  })
})

test('an unknown version is not found, and an empty one is refused', async () => {
  await expect(
    hashSnapshot({ registry: registryWhere(), model: 'risk', version: '2' }),
  ).rejects.toMatchObject({
    code: 'MODEL_NOT_FOUND',
  })
  await mkdir(join(folder, 'registry', 'risk', '3'))
  await expect(
    hashSnapshot({ registry: registryWhere(), model: 'risk', version: '3' }),
  ).rejects.toMatchObject({
    code: 'SNAPSHOT_REFUSED',
  })
})

test('a caller who gives up stops the reading, and gets their own reason', async () => {
  const given = new AbortController()
  const registry = registryWhere(() => {
    given.abort(new Error('cancelled'))
    return Promise.resolve()
  })
  const taken = takeSnapshot({ registry, store, ...what, signal: given.signal })
  await expect(taken).rejects.toThrow('cancelled')
  expect(opened.length).toBeLessThanOrEqual(2)
})

test('a snapshot holds every byte, and hashing without keeping gives the same', async () => {
  const snapshot = await take()
  expect(snapshot.manifest.map(({ path, size }) => [path, size])).toEqual([
    ['a', 3],
    ['b/c', 3],
    ['d', 5],
  ])
  expect(snapshot).toMatchObject({ files: 3, sizeBytes: 11 })
  for (const { sha256, size } of snapshot.manifest) expect(await store.has(sha256, size)).toBe(true)
  const signature = snapshot.signatureDigest?.slice('sha256:'.length) ?? ''
  expect((await store.readBlob(signature, 100)).toString()).toBe('signature')
  expect(await store.recorded(snapshot)).toEqual(snapshot)
  expect(await hashSnapshot({ registry: registryWhere(), ...what })).toEqual(snapshot)
  expect(await journals()).toEqual([])
})

test('one changed byte of the same size gives another digest', async () => {
  const before = await hashSnapshot({ registry: registryWhere(), ...what })
  await put('a', 'onE')
  const after = await hashSnapshot({ registry: registryWhere(), ...what })
  expect(after.modelDigest).not.toBe(before.modelDigest)
})

async function interruptedAtTheEnd(): Promise<void> {
  const broken = registryWhere((path) =>
    path === 'model.sig' ? Promise.reject(new Error('killed')) : Promise.resolve(),
  )
  await expect(take(broken)).rejects.toThrow('killed')
  opened = []
}

test('what was finished before a break is not read again', async () => {
  await interruptedAtTheEnd()
  const resumed = await take()
  expect(opened).not.toContain('a')
  expect(opened).not.toContain('b/c')
  expect(opened).toContain('model.sig')
  expect(resumed).toEqual(await hashSnapshot({ registry: registryWhere(), ...what }))
})

test('a finished file is read again where its size changed, its copy is gone, or the work is another', async () => {
  await interruptedAtTheEnd()
  await put('a', 'longer')
  await rm(join(store.dir, 'blobs'), { recursive: true })
  await take()
  expect(opened.toSorted()).toEqual(['a', 'b/c', 'd', 'model.sig'])
  await interruptedAtTheEnd()
  await takeSnapshot({ registry: registryWhere(), store, ...what, checkpointId: 'promotion/2' })
  expect(opened).toHaveLength(4)
})

test('a journal that was torn, or is about another version, is no reason to trust or to fail', async () => {
  await interruptedAtTheEnd()
  const [name = ''] = await journals()
  const journal = join(store.dir, 'checkpoints', name)
  const forged = `{"model":"other","path":"d","sha256":"${'0'.repeat(64)}","size":5,"version":"1"}`
  await appendFile(journal, `\n${forged}\nnonsense\n{"model":"risk","pa`)
  const resumed = await take()
  expect(resumed).toEqual(await hashSnapshot({ registry: registryWhere(), ...what }))
})

test('progress only grows and ends with everything, resumed files included', async () => {
  await put('d', 'x'.repeat(3 * 1024 * 1024))
  await interruptedAtTheEnd()
  const seen: SnapshotProgress[] = []
  await takeSnapshot({
    registry: registryWhere(),
    store,
    ...what,
    checkpointId: 'promotion/1',
    onProgress: (progress) => seen.push(progress),
  })
  const bytes = seen.map((progress) => progress.bytes)
  expect(bytes).toEqual(bytes.toSorted((a, b) => a - b))
  expect(seen.at(-1)).toEqual({ files: 4, bytes: 3 + 3 + 3 * 1024 * 1024 + 9 })
})

test('two attempts at once end with the same snapshot', async () => {
  const [one, other] = await Promise.all([take(), take()])
  expect(one).toEqual(other)
  expect(await store.recorded(one)).toEqual(one)
})
