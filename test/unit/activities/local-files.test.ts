import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { localModelFiles } from '../../../activities/local-files.js'
import { memoryFiles } from './scan/builders.js'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-local-'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

test('a link inside the folder is refused, wherever it leads', async () => {
  await writeFile(join(folder, 'a'), 'x')
  await symlink(join(folder, 'a'), join(folder, 'b'))
  await expect(localModelFiles(folder)).rejects.toMatchObject({ code: 'SNAPSHOT_REFUSED' })
})

test('a device or pipe inside the folder is refused', async () => {
  execFileSync('mkfifo', [join(folder, 'pipe')])
  await expect(localModelFiles(folder)).rejects.toMatchObject({ code: 'SNAPSHOT_REFUSED' })
})

test('an empty folder and a missing one are refused', async () => {
  await expect(localModelFiles(folder)).rejects.toMatchObject({ code: 'SNAPSHOT_REFUSED' })
  await expect(localModelFiles(join(folder, 'no'))).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('a file that became a link after it was read is not followed', async () => {
  await writeFile(join(folder, 'a'), 'x')
  const files = await localModelFiles(folder)
  await rm(join(folder, 'a'))
  await symlink('/etc/hostname', join(folder, 'a'))
  await expect(files.read('a', 0, 1)).rejects.toThrow(/ELOOP/)
})

test('a folder is the same model as its files anywhere else', async () => {
  await mkdir(join(folder, 'sub'))
  await writeFile(join(folder, 'sub/b'), 'bb')
  await writeFile(join(folder, 'a'), 'aaa')
  await writeFile(join(folder, 'model.sig'), 'signature')
  const files = await localModelFiles(folder)
  expect(files.modelDigest).toBe(memoryFiles({ 'sub/b': 'bb', a: 'aaa' }).modelDigest)
  expect(Buffer.from((await files.signature()) ?? []).toString()).toBe('signature')
  expect(Buffer.from(await files.read('a', 1, 10)).toString()).toBe('aa')
  expect(files.localPath('sub/b')).toBe(join(folder, 'sub/b'))
})

test('a single file is the whole model', async () => {
  await writeFile(join(folder, 'a'), 'aaa')
  await writeFile(join(folder, 'b'), 'b')
  const files = await localModelFiles(join(folder, 'a'))
  expect(files.manifest.map(({ path }) => path)).toEqual(['a'])
  expect(await files.signature()).toBeNull()
})
