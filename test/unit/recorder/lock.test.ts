import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { acquireLock } from '../../../recorder/log/lock-file.js'
import { event, newFolder, openLog } from './helpers.js'

test('a second writer is refused and told who holds the log', async () => {
  const dir = await newFolder()
  const log = await openLog({ dir })
  await expect(openLog({ dir })).rejects.toMatchObject({
    code: 'LOG_UNAVAILABLE',
    message: new RegExp(`recorder\\.lock is held by process ${process.pid}`),
  })
  await log.close()
  await openLog({ dir })
})

test('a lock whose content cannot be read as ours is not taken over', async () => {
  const dir = await newFolder()
  await writeFile(join(dir, 'recorder.lock'), 'not ours')
  await expect(acquireLock(dir)).rejects.toThrow('an unknown process')
})

test.each([
  ['a process that is gone', { pid: 2 ** 22 + 1, startedAt: 'x:1' }],
  ['an earlier process with the same id', { pid: process.pid, startedAt: 'other-boot:1' }],
])('a lock of %s is taken over', async (_, holder) => {
  const dir = await newFolder()
  const path = join(dir, 'recorder.lock')
  await writeFile(path, JSON.stringify({ ...holder, nonce: 'old' }))
  const lock = await acquireLock(dir)
  await lock.assertHeld()
  await lock.release()
  expect(await readdir(dir)).toEqual([])
})

test('of many that find a dead lock at once, one gets it', async () => {
  const dir = await newFolder()
  const dead = JSON.stringify({ pid: 2 ** 22 + 1, startedAt: 'x:1', nonce: 'old' })
  await writeFile(join(dir, 'recorder.lock'), dead)
  const tries = await Promise.allSettled(Array.from({ length: 8 }, () => acquireLock(dir)))
  const holders = tries.filter(({ status }) => status === 'fulfilled')
  expect(holders).toHaveLength(1)
  expect(await readdir(dir)).toEqual(['recorder.lock'])
})

test('a dead lock whose successor died while it took over is taken over all the same', async () => {
  const dir = await newFolder()
  const path = join(dir, 'recorder.lock')
  const dead = JSON.stringify({ pid: 2 ** 22 + 1, startedAt: 'x:1', nonce: 'old' })
  const claim = createHash('sha256').update(dead).digest('hex').slice(0, 16)
  await writeFile(path, dead)
  await writeFile(`${path}.after-${claim}`, dead)
  await (await acquireLock(dir)).assertHeld()
  expect(await readdir(dir)).toEqual(['recorder.lock'])
})

test('a writer that lost its lock appends nothing more', async () => {
  const dir = await newFolder()
  const log = await openLog({ dir })
  const path = join(dir, 'recorder.lock')
  const own = await readFile(path, 'utf8')
  await writeFile(path, own.replace(/"nonce":"[^"]+"/, '"nonce":"another"'))
  await expect(log.append('governance', 0, [event('a')])).rejects.toThrow('taken over')
  expect(await log.size()).toBe(0)
})
