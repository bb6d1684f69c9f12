import { expect, test } from 'vitest'
import { createDisk } from './disk.js'
import { event, newFolder, openLog } from './helpers.js'

test.each(['leaves.jsonl', 'bodies.jsonl'])(
  'nothing is acknowledged, read or followed before the fsync of %s returned',
  async (file) => {
    const disk = createDisk()
    const log = await openLog({ dir: await newFolder(), openFile: disk.openFile })
    const release = disk.holdAt('sync', file)
    const stop = new AbortController()
    const seen: string[] = []
    const appending = log.append('governance', 0, [event('a')]).then(() => seen.push('answer'))
    const follower = log.follow(0, stop.signal)[Symbol.asyncIterator]()
    const following = follower.next().then(() => seen.push('follow'))
    await expect.poll(() => disk.steps).toContain(`write ${file}`)
    expect(await log.read('governance')).toEqual([])
    expect(await log.size()).toBe(0)
    expect(seen).toEqual([])
    release()
    await Promise.all([appending, following])
    expect(await log.size()).toBe(1)
    stop.abort()
  },
)

test('a body is on the disk before its leaf is written', async () => {
  const disk = createDisk()
  const log = await openLog({ dir: await newFolder(), openFile: disk.openFile })
  disk.steps.length = 0
  await log.append('governance', 0, [event('a')])
  const order = [
    'write bodies.jsonl',
    'sync bodies.jsonl',
    'write leaves.jsonl',
    'sync leaves.jsonl',
  ]
  expect(disk.steps.filter((step) => order.includes(step))).toEqual(order)
})

test('appends that wait together share one fsync of each file', async () => {
  const disk = createDisk()
  const log = await openLog({ dir: await newFolder(), openFile: disk.openFile })
  disk.steps.length = 0
  const streams = Array.from({ length: 100 }, (_, n) => `promotion:prm_${n}`)
  await Promise.all(streams.map((stream) => log.append(stream, 0, [event('a')])))
  expect(disk.steps.filter((step) => step === 'sync leaves.jsonl')).toHaveLength(1)
  expect(disk.steps.filter((step) => step === 'sync bodies.jsonl')).toHaveLength(1)
})

test('closing waits for what was begun and refuses what comes after', async () => {
  const log = await openLog({ dir: await newFolder() })
  const begun = log.append('governance', 0, [event('a')])
  const closed = log.close()
  const late = await log.append('governance', 1, [event('b')]).catch((error: unknown) => error)
  expect(late).toMatchObject({ code: 'LOG_UNAVAILABLE' })
  await Promise.allSettled([begun, closed])
  await expect(log.read('governance')).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' })
})
