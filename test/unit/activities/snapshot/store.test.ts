import { createHash } from 'node:crypto'
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { snapshotOf } from '../../../../activities/snapshot/manifest.js'
import { createSnapshotStore, type SnapshotStore } from '../../../../activities/snapshot/store.js'

let folder = ''
let store: SnapshotStore

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-store-'))
  store = createSnapshotStore({ dir: join(folder, 'store') })
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

const sha = (text: string) => createHash('sha256').update(text).digest('hex')

async function* source(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Promise.resolve(Buffer.from(text))
}

async function* broken(): AsyncGenerator<Uint8Array> {
  yield* source('half')
  throw new Error('the line went dead')
}

async function put(path: string, text: string) {
  const { sha256, sizeBytes } = await store.putStream(source(text))
  return { path, size: sizeBytes, sha256 }
}

async function tamper(sha256: string, text: string): Promise<void> {
  await chmod(store.pathOf(sha256), 0o644)
  await writeFile(store.pathOf(sha256), text)
}

async function age(...paths: string[]): Promise<void> {
  for (const path of paths) await utimes(path, new Date(0), new Date(0))
}

async function drafts(): Promise<string[]> {
  return readdir(join(store.dir, 'drafts'))
}

test('bytes that end half way leave nothing', async () => {
  await expect(store.putStream(broken())).rejects.toThrow('the line went dead')
  expect(await drafts()).toEqual([])
  expect(await store.has(sha('half'))).toBe(false)
})

test.each(['../../etc/passwd', 'sha256:00', '', 'A'.repeat(64)])(
  '%j names no blob',
  async (name) => {
    expect(() => store.pathOf(name)).toThrow(TypeError)
    await expect(store.readBlob(name, 10)).rejects.toThrow(TypeError)
  },
)

test('a blob that is not there is missing', async () => {
  await expect(store.readBlob(sha('x'), 10)).rejects.toMatchObject({ code: 'EVIDENCE_MISSING' })
})

test('a blob that somebody changed is never handed out whole', async () => {
  const { sha256 } = await put('f', 'weights')
  await tamper(sha256, 'Weights')
  await expect(store.readBlob(sha256, 100)).rejects.toMatchObject({ code: 'SNAPSHOT_UNSTABLE' })
  const snapshot = snapshotOf([{ path: 'f', size: 7, sha256 }])
  const target = join(folder, 'out')
  const unstable = { code: 'SNAPSHOT_UNSTABLE' }
  await expect(store.verify(snapshot)).rejects.toMatchObject(unstable)
  await expect(store.materialise(snapshot, target)).rejects.toMatchObject(unstable)
  await expect(stat(target)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('storing the same bytes again mends a copy that went bad', async () => {
  const { sha256 } = await put('f', 'weights')
  await tamper(sha256, 'bad')
  await put('f', 'weights')
  expect((await store.readBlob(sha256, 100)).toString()).toBe('weights')
})

test('a blob longer than the reader takes is refused', async () => {
  const { sha256 } = await put('f', 'weights')
  await expect(store.readBlob(sha256, 6)).rejects.toMatchObject({ code: 'LIMIT_REACHED' })
  expect((await store.readBlob(sha256, 7)).toString()).toBe('weights')
})

test('bytes are stored once, read-only, under what they are', async () => {
  const seen = await store.putStream(source('wei', '', 'ghts'))
  expect(seen).toEqual({ sha256: sha('weights'), sizeBytes: 7 })
  expect(store.pathOf(seen.sha256)).toBe(
    join(store.dir, 'blobs', 'sha256', seen.sha256.slice(0, 2), seen.sha256),
  )
  expect((await stat(store.pathOf(seen.sha256))).mode & 0o777).toBe(0o444)
  expect(await store.has(seen.sha256, 7)).toBe(true)
  expect(await store.has(seen.sha256, 8)).toBe(false)
  await store.remove(seen.sha256)
  expect(await store.has(seen.sha256)).toBe(false)
})

test('no snapshot is recorded whose bytes are not all there', async () => {
  const snapshot = snapshotOf([await put('a', 'one'), { path: 'b', size: 3, sha256: sha('two') }])
  await expect(store.record(snapshot)).rejects.toMatchObject({
    code: 'SNAPSHOT_UNSTABLE',
    detail: { field: 'b' },
  })
  await expect(store.recorded(snapshot)).rejects.toMatchObject({ code: 'EVIDENCE_MISSING' })
})

test('a record is found again by its digests, and one that was changed is not taken for it', async () => {
  const files = [await put('a', 'one'), await put('model.sig', 'signature')]
  const snapshot = snapshotOf(files)
  await store.record(snapshot)
  expect(await store.recorded(snapshot)).toEqual(snapshot)
  await store.verify(snapshot)
  const records = join(store.dir, 'manifests')
  const [name = ''] = await readdir(records)
  const text = await readFile(join(records, name), 'utf8')
  await writeFile(join(records, name), text.replace('"size":3', '"size":4'))
  await expect(store.recorded(snapshot)).rejects.toMatchObject({ code: 'EVIDENCE_MISSING' })
  await writeFile(join(records, name), 'nonsense')
  await expect(store.recorded(snapshot)).rejects.toMatchObject({ code: 'EVIDENCE_MISSING' })
})

test('a child gets copies that cannot reach the store', async () => {
  const files = [await put('a/b', 'one'), await put('model.sig', 'signature')]
  const snapshot = snapshotOf(files)
  const target = join(folder, 'out')
  await store.materialise(snapshot, target)
  expect(await readFile(join(target, 'a', 'b'), 'utf8')).toBe('one')
  expect(await readFile(join(target, 'model.sig'), 'utf8')).toBe('signature')
  const inside = await stat(join(target, 'a', 'b'))
  expect(inside.mode & 0o777).toBe(0o444)
  expect(inside.ino).not.toBe((await stat(store.pathOf(sha('one')))).ino)
  await expect(store.materialise(snapshot, target)).rejects.toMatchObject({ code: 'EEXIST' })
  expect(await readFile(join(target, 'a', 'b'), 'utf8')).toBe('one')
})

test('a clean-up takes what is old and unused, and nothing else', async () => {
  const ended = snapshotOf([await put('a', 'shared'), await put('b', 'ended')])
  const running = snapshotOf([await put('a', 'shared'), await put('model.sig', 'signature')])
  const fresh = await put('c', 'not recorded yet')
  await store.record(ended)
  await store.record(running)
  await mkdir(join(store.dir, 'checkpoints'))
  await writeFile(join(store.dir, 'drafts', 'left'), '')
  await writeFile(join(store.dir, 'checkpoints', 'left'), '')
  const names = await readdir(join(store.dir, 'manifests'))
  await age(...names.map((name) => join(store.dir, 'manifests', name)))
  await age(...['shared', 'ended', 'signature'].map((text) => store.pathOf(sha(text))))
  await age(join(store.dir, 'drafts', 'left'), join(store.dir, 'checkpoints', 'left'))

  const collected = await store.collect({ olderThan: Date.now() - 60_000, keep: [running] })
  expect(collected).toEqual({ snapshots: 1, blobs: 1, leftovers: 2 })
  expect(await store.recorded(running)).toEqual(running)
  expect(await store.has(sha('shared'))).toBe(true)
  expect(await store.has(sha('signature'))).toBe(true)
  expect(await store.has(fresh.sha256)).toBe(true)
  expect(await store.has(sha('ended'))).toBe(false)
})

test('a clean-up takes nothing that was asked for a moment ago', async () => {
  const { sha256 } = await put('a', 'resumed')
  await age(store.pathOf(sha256))
  expect(await store.has(sha256)).toBe(true)
  await store.collect({ olderThan: Date.now() - 60_000, keep: [] })
  expect(await store.has(sha256)).toBe(true)
})

test('what was released goes with the next clean-up', async () => {
  const snapshot = snapshotOf([await put('a', 'one')])
  await store.record(snapshot)
  await store.release(snapshot)
  await expect(store.recorded(snapshot)).rejects.toMatchObject({ code: 'EVIDENCE_MISSING' })
  const collected = await store.collect({ olderThan: Date.now() + 60_000, keep: [] })
  expect(collected).toEqual({ snapshots: 0, blobs: 1, leftovers: 0 })
})

test('a clean-up of a store that was never used finds nothing', async () => {
  const nothing = { snapshots: 0, blobs: 0, leftovers: 0 }
  expect(await store.collect({ olderThan: Date.now(), keep: [] })).toEqual(nothing)
})
