import { execFileSync } from 'node:child_process'
import {
  link,
  mkdir,
  mkdtemp,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createFolderRegistry } from '../../../../activities/registry/folder.js'
import { assertSafePaths, maximumFiles } from '../../../../activities/registry/paths.js'

let root = ''
let version = ''

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'countersign-files-'))
  version = join(root, 'risk', '1')
  await put('model.onnx', 'weights')
  await writeFile(join(root, 'secret'), 'not of this version')
})

afterEach(async () => {
  await rm(root, { recursive: true, force: true })
})

async function put(path: string, text = 'x'): Promise<void> {
  const file = join(version, path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, text)
}

const registry = () => createFolderRegistry({ root })
const list = () => registry().files('risk', '1')

function refused(path: string) {
  return { code: 'SNAPSHOT_REFUSED', detail: { field: path } }
}

async function drain(path: string, between: () => Promise<void>): Promise<void> {
  for await (const chunk of await registry().open('risk', '1', path)) {
    expect(chunk.length).toBeGreaterThan(0)
    await between()
  }
}

test.each([
  ['a file outside', '../../secret'],
  ['a file inside', 'model.onnx'],
  ['nothing', 'nowhere'],
])('a link to %s is refused, when listed and when opened', async (_, target) => {
  await mkdir(join(version, 'data'))
  await symlink(target, join(version, 'data', 'link'))
  await expect(list()).rejects.toMatchObject(refused('data/link'))
  await expect(registry().open('risk', '1', 'data/link')).rejects.toMatchObject(
    refused('data/link'),
  )
})

test('a folder that is a link is refused, and nothing behind it is opened', async () => {
  await mkdir(join(root, 'outside'))
  await writeFile(join(root, 'outside', 'file'), 'not of this version')
  await symlink(join(root, 'outside'), join(version, 'data'))
  await expect(list()).rejects.toMatchObject(refused('data'))
  await expect(registry().open('risk', '1', 'data/file')).rejects.toMatchObject(
    refused('data/file'),
  )
})

test('a model or a version that is a link is refused', async () => {
  await symlink('1', join(root, 'risk', '2'))
  await symlink('risk', join(root, 'twin'))
  await expect(registry().files('risk', '2')).rejects.toMatchObject(refused('risk/2'))
  await expect(registry().open('risk', '2', 'model.onnx')).rejects.toMatchObject(refused('risk/2'))
  await expect(registry().files('twin', '1')).rejects.toMatchObject(refused('twin'))
  await expect(registry().version('risk', '2')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' })
  expect(await registry().models()).toEqual(['risk'])
  expect((await registry().versions('risk')).map((found) => found.version)).toEqual(['1'])
})

test('a pipe is refused at once, although nobody writes into it', async () => {
  execFileSync('mkfifo', [join(version, 'pipe')])
  await expect(list()).rejects.toMatchObject(refused('pipe'))
  await expect(registry().open('risk', '1', 'pipe')).rejects.toMatchObject(refused('pipe'))
})

test('a socket is refused', async () => {
  const server = createServer()
  await new Promise<void>((done) => {
    server.listen(join(version, 'socket'), done)
  })
  await expect(list()).rejects.toMatchObject(refused('socket'))
  await expect(registry().open('risk', '1', 'socket')).rejects.toMatchObject(refused('socket'))
  server.close()
})

test.each(['a\nb', 'a\u001bb', 'a\u202eb', 'a\u200bb', 'a\\b', 'a\u007fb'])(
  'a file called %j is refused',
  async (name) => {
    await put(`data/${name}`)
    await expect(list()).rejects.toMatchObject(refused(`data/${name}`))
  },
)

test('a message never shows the control characters of a hostile name', async () => {
  await put('a\u001b[2J\u202eb')
  const error = await list().catch((caught: unknown) => caught as Error)
  expect((error as Error).message).not.toMatch(/\p{C}/u)
})

test('a name that is not UTF-8 is refused', async () => {
  await writeFile(Buffer.concat([Buffer.from(`${version}/a`), Buffer.from([0xff, 0xfe])]), 'x')
  await expect(list()).rejects.toMatchObject({ code: 'SNAPSHOT_REFUSED' })
})

test.each([
  ['case', 'Model.onnx', 'model.onnx'],
  ['Unicode form', 'd\u0061\u0308ta', 'd\u00e4ta'],
  ['case in a folder', 'Data/a', 'data/A'],
])('two files that differ only in %s are refused', async (_, one, other) => {
  await put(one)
  await put(other)
  await expect(list()).rejects.toMatchObject({ code: 'SNAPSHOT_REFUSED' })
})

test('a path of more than 1,024 bytes is refused, of 1,024 it is not', async () => {
  const folder = `${'d'.repeat(199)}/`.repeat(5)
  await put(`${folder}${'f'.repeat(24)}`)
  expect(await list()).toHaveLength(2)
  await put(`${folder}${'f'.repeat(25)}`)
  await expect(list()).rejects.toMatchObject({ code: 'SNAPSHOT_REFUSED' })
})

test('more than 100,000 files are refused', () => {
  const files = Array.from({ length: maximumFiles }, (_, count) => ({ path: `${count}` }))
  expect(() => assertSafePaths(files)).not.toThrow()
  expect(() => assertSafePaths([...files, { path: 'one more' }])).toThrow(/more than 100000 files/)
})

test('a file and a folder of the same name are refused', () => {
  expect(() => assertSafePaths([{ path: 'a' }, { path: 'A/b' }])).toThrow(/also a file/)
})

test('a file that grows, shrinks or is written while it is read is unstable', async () => {
  await put('big', 'x'.repeat(3 * 1024 * 1024))
  const unstable = { code: 'SNAPSHOT_UNSTABLE', detail: { field: 'big' } }
  const file = join(version, 'big')
  await expect(drain('big', () => writeFile(file, 'more', { flag: 'a' }))).rejects.toMatchObject(
    unstable,
  )
  await expect(drain('big', () => truncate(file, 100))).rejects.toMatchObject(unstable)
  await put('big', 'x'.repeat(3 * 1024 * 1024))
  const touched = () => utimes(file, new Date(0), new Date(0))
  await expect(drain('big', touched)).rejects.toMatchObject(unstable)
})

test('a folder that becomes a link between listing and opening is refused', async () => {
  await put('data/file')
  expect(await list()).toHaveLength(2)
  await rename(join(version, 'data'), join(root, 'elsewhere'))
  await symlink(join(root, 'elsewhere'), join(version, 'data'))
  await expect(registry().open('risk', '1', 'data/file')).rejects.toMatchObject(
    refused('data/file'),
  )
})

test('a hard link is a file like any other', async () => {
  await link(join(version, 'model.onnx'), join(version, 'again.onnx'))
  expect(await list()).toHaveLength(2)
})

test('the registry itself may lie behind a link', async () => {
  await symlink(root, `${root}-link`)
  const files = await createFolderRegistry({ root: `${root}-link` }).files('risk', '1')
  await rm(`${root}-link`)
  expect(files).toEqual([{ path: 'model.onnx', sizeBytes: 7 }])
})

test('a registry that is not there is unavailable, not empty', async () => {
  const gone = createFolderRegistry({ root: join(root, 'gone') })
  const unavailable = { code: 'REGISTRY_UNAVAILABLE' }
  await expect(gone.models()).rejects.toMatchObject(unavailable)
  await expect(gone.version('risk', '1')).rejects.toMatchObject(unavailable)
  await expect(gone.files('risk', '1')).rejects.toMatchObject(unavailable)
  await expect(gone.alias('risk', 'production')).rejects.toMatchObject(unavailable)
})

test.each(['', '{', '[]', 'null', '{"risk": "1"}', '{"risk": {"production": 1}}'])(
  'an alias file that holds %j is unavailable, not empty',
  async (text) => {
    await writeFile(join(root, 'aliases.json'), text)
    await expect(registry().alias('risk', 'production')).rejects.toMatchObject({
      code: 'REGISTRY_UNAVAILABLE',
    })
  },
)

test('what nobody wrote down of a version is null', async () => {
  expect(await registry().version('risk', '1')).toEqual({
    model: 'risk',
    version: '1',
    createdAt: null,
    tags: {},
    run: null,
  })
})

test('notes that are not JSON are reported, malformed ones in them are left out', async () => {
  const notes = join(root, 'risk', 'versions.json')
  await writeFile(notes, 'nonsense')
  await expect(registry().version('risk', '1')).rejects.toMatchObject({
    code: 'REGISTRY_UNAVAILABLE',
  })
  await writeFile(notes, '{"1": {"createdAt": "yesterday", "tags": {"a": 1, "b": "2"}, "run": {}}}')
  expect(await registry().version('risk', '1')).toMatchObject({
    createdAt: null,
    tags: { b: '2' },
    run: null,
  })
})
