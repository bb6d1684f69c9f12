import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createFolderLock } from '../../../../activities/registry/folder-lock.js'

let folder = ''
let path = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-lock-'))
  path = join(folder, 'lock')
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** What the lock's only file is called while this process holds it. */
async function nameWhileHeld(): Promise<string> {
  return createFolderLock({ path }).run(async () => (await readdir(path))[0] ?? '')
}

async function pretendHeldBy(name: string): Promise<void> {
  const [now = ''] = await readdir(path)
  await rename(join(path, now), join(path, name))
}

test('of many who want it at once, one has it at a time', async () => {
  let inside = 0
  let most = 0
  const work = async () => {
    inside += 1
    most = Math.max(most, inside)
    await readdir(folder)
    inside -= 1
  }
  await Promise.all(Array.from({ length: 20 }, () => createFolderLock({ path }).run(work)))
  expect(most).toBe(1)
})

test('a living holder is waited for, and named when it takes too long', async () => {
  const name = await nameWhileHeld()
  await pretendHeldBy(name)
  const run = createFolderLock({ path, waitMs: 50 }).run(() => Promise.resolve())
  await expect(run).rejects.toMatchObject({
    code: 'REGISTRY_UNAVAILABLE',
    detail: { remedy: expect.stringContaining(name) as string },
  })
})

test('a dead holder is followed at once', async () => {
  const [, place = ''] = (await nameWhileHeld()).split('-')
  await pretendHeldBy(`held-${place}-4194305-1-0123456789abcdef`)
  expect(await createFolderLock({ path, waitMs: 2000 }).run(() => Promise.resolve('in'))).toBe('in')
})

test('a process that got the id of a dead holder is not taken for it', async () => {
  const [, place = ''] = (await nameWhileHeld()).split('-')
  await pretendHeldBy(`held-${place}-${process.pid}-1-0123456789abcdef`)
  expect(await createFolderLock({ path, waitMs: 2000 }).run(() => Promise.resolve('in'))).toBe('in')
})

test('a holder elsewhere is followed only after it kept the lock for long', async () => {
  await nameWhileHeld()
  await pretendHeldBy(`held-${'0'.repeat(12)}-1-1-0123456789abcdef`)
  const impatient = createFolderLock({ path, waitMs: 30, foreignHolderMs: 10_000 })
  await expect(impatient.run(() => Promise.resolve())).rejects.toMatchObject({
    code: 'REGISTRY_UNAVAILABLE',
  })
  const patient = createFolderLock({ path, waitMs: 10_000, foreignHolderMs: 30 })
  expect(await patient.run(() => Promise.resolve('in'))).toBe('in')
})

test('whoever lost the lock learns it before they commit', async () => {
  const held = await createFolderLock({ path }).run(async (stillHeld) => {
    const before = await stillHeld()
    await pretendHeldBy('free')
    return [before, await stillHeld()]
  })
  expect(held).toEqual([true, false])
})

test('the lock is free again after work that failed', async () => {
  const lock = createFolderLock({ path, waitMs: 2000 })
  await expect(lock.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  expect(await readdir(path)).toEqual(['free'])
})

test('drafts of lock folders are cleared away', async () => {
  await mkdir(`${path}.new-0123`)
  await writeFile(join(`${path}.new-0123`, 'free'), '')
  await nameWhileHeld()
  expect(await readdir(folder)).toEqual(['lock'])
})
