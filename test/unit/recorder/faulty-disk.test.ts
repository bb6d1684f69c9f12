import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openLogFile } from '../../../recorder/log/log-file.js'
import { verifyLog } from '../../../recorder/verify.js'
import { createDisk } from './disk.js'
import { event, leavesFile, newFolder, openLog } from './helpers.js'

const places = (['leaves.jsonl', 'bodies.jsonl', 'batch.json'] as const).flatMap((file) =>
  (['write', 'sync'] as const).map((step) => [step, file] as const),
)

test.each(places)(
  'a full disk at the %s of %s refuses what waits, loses nothing, and passes by itself',
  async (step, file) => {
    const dir = await newFolder()
    const disk = createDisk()
    const log = await openLog({ dir, openFile: disk.openFile })
    await log.append('governance', 0, [event('before')])
    const before = await readFile(join(dir, leavesFile), 'utf8')

    disk.breakAt(step, file, 'ENOSPC')
    const pair = [event('a'), event('b')]
    for (const _ of ['once', 'twice']) {
      const waiting = [log.append('governance', 1, pair), log.append('outside:x', 0, pair)]
      for (const result of await Promise.allSettled(waiting)) {
        expect(result).toMatchObject({ reason: { code: 'LOG_UNAVAILABLE', message: /disk full/ } })
      }
      expect(await log.size()).toBe(1)
      expect(await log.read('governance')).toHaveLength(1)
    }
    disk.mend()
    expect(await log.append('governance', 1, pair)).toMatchObject({ kind: 'appended' })
    await log.close()
    expect((await readFile(join(dir, leavesFile), 'utf8')).startsWith(before)).toBe(true)
    expect(await verifyLog(dir)).toMatchObject({ kind: 'sound', leaves: 3, tornBytes: 0 })
  },
)

test('after a failed write the tail is cut back to the last durable byte', async () => {
  const dir = await newFolder()
  const disk = createDisk()
  const log = await openLog({ dir, openFile: disk.openFile })
  await log.append('governance', 0, [event('before')])
  const before = await readFile(join(dir, leavesFile), 'utf8')
  disk.breakAt('write', 'leaves.jsonl', 'ENOSPC')
  await expect(log.append('governance', 1, [event('a')])).rejects.toThrow('disk full')
  expect(await readFile(join(dir, leavesFile), 'utf8')).toBe(before)
})

test('after a failed fsync the files are opened anew before anything else is written', async () => {
  const dir = await newFolder()
  const disk = createDisk()
  const log = await openLog({ dir, openFile: disk.openFile })
  const opened = disk.opened()
  disk.breakAt('sync', 'leaves.jsonl', 'EIO')
  await expect(log.append('governance', 0, [event('a')])).rejects.toMatchObject({
    code: 'LOG_UNAVAILABLE',
    message: /EIO/,
  })
  disk.mend()
  await log.append('governance', 0, [event('b')])
  expect(disk.opened()).toBeGreaterThan(opened)
  expect((await log.read('governance')).map(({ leaf }) => leaf.type)).toEqual(['b'])
})

test('a log that dies before its tail could be cut back keeps no half of an append', async () => {
  const dir = await newFolder()
  const disk = createDisk()
  const log = await openLog({ dir, openFile: disk.openFile })
  await log.append('governance', 0, [event('before')])
  const group = ['a', 'b', 'c', 'd'].map((type) => event(type))
  disk.breakAt('write', 'leaves.jsonl', 'ENOSPC')
  disk.breakAt('truncate', 'leaves.jsonl', 'EIO')
  await expect(log.append('governance', 1, group)).rejects.toThrow('disk full')
  await log.close()
  expect((await readFile(join(dir, leavesFile), 'utf8')).split('\n').length).toBeGreaterThan(2)
  const again = await openLog({ dir })
  expect(await again.size()).toBe(1)
  expect(await again.append('governance', 1, group)).toMatchObject({ kind: 'appended' })
})

test('the mark of a group that failed never cuts off single events that came in its place', async () => {
  const dir = await newFolder()
  const disk = createDisk()
  const log = await openLog({ dir, openFile: disk.openFile })
  disk.breakAt('write', 'leaves.jsonl', 'ENOSPC')
  const group = ['a', 'b', 'c', 'd'].map((type) => event(type))
  await expect(log.append('governance', 0, group)).rejects.toThrow('disk full')
  disk.mend()
  await log.append('governance', 0, [event('a')])
  await log.append('governance', 1, [event('b')])
  await log.close()
  expect(await (await openLog({ dir })).size()).toBe(2)
})

test('bytes that were acknowledged and are gone stop every append', async () => {
  const dir = await newFolder()
  const disk = createDisk()
  const log = await openLog({ dir, openFile: disk.openFile })
  await log.append('governance', 0, [event('a')])
  disk.breakAt('write', 'bodies.jsonl', 'EIO')
  await expect(log.append('governance', 1, [event('b')])).rejects.toThrow('EIO')
  disk.mend()
  const file = await openLogFile(join(dir, leavesFile))
  await file.truncate(3)
  await file.close()
  disk.breakAt('sync', 'bodies.jsonl', 'EIO')
  await expect(log.append('governance', 1, [event('b')])).rejects.toThrow('EIO')
  disk.mend()
  await expect(log.append('governance', 1, [event('b')])).rejects.toThrow('gone')
})
