import { link, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openTextStore } from '../../../recorder/text-store.js'
import { newFolder } from './helpers.js'

const words = { salt: 'ab'.repeat(16), text: 'Bo left the company.' }
const folder = 'payloads/texts'

async function storedOnce() {
  const dir = await newFolder()
  const store = await openTextStore(dir)
  const digest = await store.putText(words)
  return { dir, store, digest, path: join(dir, folder, `${digest.slice(7)}.json`) }
}

test('erased words are in no file any more', async () => {
  const { dir, store, digest } = await storedOnce()
  await store.eraseText(digest)
  for (const name of await readdir(join(dir, folder))) {
    expect(await readFile(join(dir, folder, name), 'utf8')).not.toContain('Bo left')
  }
})

test('erased words are overwritten where they lay, not only unlinked', async () => {
  const { dir, store, digest, path } = await storedOnce()
  const sameBytes = join(dir, 'same-bytes')
  await link(path, sameBytes)
  await store.eraseText(digest)
  expect((await readFile(sameBytes)).every((byte) => byte === 0)).toBe(true)
})

test('a text that a killed eraser had overwritten counts as erased', async () => {
  const { store, digest, path } = await storedOnce()
  const bytes = await readFile(path)
  await writeFile(path, bytes.fill(0, 0, 30))
  expect(await store.getText(digest)).toEqual({ kind: 'erased' })
  await expect(store.putText(words)).rejects.toMatchObject({ code: 'WRONG_STATE' })
})

test('a text that changed on the disk is never given out, but can be erased', async () => {
  const { store, digest, path } = await storedOnce()
  await writeFile(path, (await readFile(path, 'utf8')).replace('Bo', 'Cy'))
  await expect(store.getText(digest)).rejects.toMatchObject({ code: 'EVIDENCE_MISSING' })
  await store.eraseText(digest)
  expect(await store.getText(digest)).toEqual({ kind: 'erased' })
})

test('a late repeat cannot bring back what is being erased', async () => {
  const { store, digest } = await storedOnce()
  await Promise.allSettled([store.eraseText(digest), store.putText(words), store.putText(words)])
  expect(await store.getText(digest)).toEqual({ kind: 'erased' })
})

test('what a killed writer left half done is removed at the next start', async () => {
  const { dir, digest } = await storedOnce()
  await writeFile(join(dir, folder, '.half.json.tmp'), 'Bo left')
  await openTextStore(dir)
  expect(await readdir(join(dir, folder))).toEqual([`${digest.slice(7)}.json`])
})

test('a digest that is none reaches no file', async () => {
  const { store } = await storedOnce()
  const hostile = 'sha256:../../../keys/recorder-salt.key'
  await expect(store.getText(hostile)).rejects.toMatchObject({ code: 'MALFORMED' })
})
