import { cp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { verifyLog } from '../../../recorder/verify.js'
import {
  bodiesFile,
  changeFile,
  createListeningLogger,
  event,
  folderWith,
  leavesFile,
  newFolder,
  openLog,
} from './helpers.js'

/** The lines of a file, without the last line end. */
function lines(text: string): string[] {
  return text.trimEnd().split('\n')
}

const joined = (parts: readonly string[]): string => `${parts.join('\n')}\n`

test.each<[string, string, (text: string) => string, RegExp]>([
  [
    'a line of rubbish in the middle of the leaves',
    leavesFile,
    (text) => joined(lines(text).with(1, 'rubbish')),
    /log\/leaves\.jsonl line 2/,
  ],
  [
    'a leaf that is missing in the middle',
    leavesFile,
    (text) => joined(lines(text).toSpliced(1, 1)),
    /payloads\/bodies\.jsonl line 2/,
  ],
  [
    'a leaf that stands there twice, with its body',
    leavesFile,
    (text) => joined(lines(text).toSpliced(1, 0, lines(text)[1] ?? '')),
    /payloads\/bodies\.jsonl line 3/,
  ],
  [
    'a leaf in another notation of the same JSON',
    leavesFile,
    (text) => joined(lines(text).with(2, (lines(text)[2] ?? '').replace('{', '{ '))),
    /log\/leaves\.jsonl line 3: .*canonical/,
  ],
  [
    'a leaf whose time was changed',
    leavesFile,
    (text) => joined(lines(text).with(1, (lines(text)[1] ?? '').replace('20:29', '20:30'))),
    /log\/leaves\.jsonl line 2: .*header/,
  ],
  [
    'a body that is not the promised one',
    bodiesFile,
    (text) => joined(lines(text).with(1, (lines(text)[1] ?? '').replace('"seq":1', '"seq":7'))),
    /payloads\/bodies\.jsonl line 2: .*promised/,
  ],
  [
    'bodies that are gone while more than the last leaf needs one',
    bodiesFile,
    (text) => joined(lines(text).slice(0, 2)),
    /payloads\/bodies\.jsonl line 3: .*missing/,
  ],
  [
    'bytes that are not UTF-8',
    leavesFile,
    (text) => text.replace('governance', '\uFFFD'),
    /log\/leaves\.jsonl line 1/,
  ],
])('refuses to start over %s, and names the place', async (_, file, change, message) => {
  const dir = await folderWith(4)
  await changeFile(dir, file, change)
  await expect(openLog({ dir })).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE', message })
  const verdict = await verifyLog(dir)
  expect(verdict).toMatchObject({ kind: 'fault' })
  const place =
    verdict.kind === 'fault' ? `${verdict.file} line ${verdict.line}: ${verdict.what}` : ''
  expect(place).toMatch(message)
})

test.each([
  ['a gap', 1],
  ['a double', 2],
])('%s in a stream refuses to start even when leaf and body fit together', async (_, at) => {
  const dir = await folderWith(4)
  const change =
    at === 1
      ? (text: string) => joined(lines(text).toSpliced(1, 1))
      : (text: string) => joined(lines(text).toSpliced(1, 0, lines(text)[1] ?? ''))
  await changeFile(dir, leavesFile, change)
  await changeFile(dir, bodiesFile, change)
  const message = at === 1 ? /line 2: .*number 2 where 1 must/ : /line 3: .*number 1 where 2 must/
  await expect(openLog({ dir })).rejects.toMatchObject({ message })
})

test('a lost salt key refuses to start, since no retry would be recognised any more', async () => {
  const dir = await folderWith(1)
  await rm(join(dir, 'keys/recorder-salt.key'))
  await expect(openLog({ dir })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
})

test.each([
  ['leaf', leavesFile],
  ['body', bodiesFile],
])(
  'after a crash at any byte of the last %s the log goes on behind the last whole pair',
  async (_, file) => {
    const source = await folderWith(3)
    const text = await readFile(join(source, file), 'utf8')
    const start = text.lastIndexOf('\n', text.length - 2) + 1
    for (let size = start; size <= text.length; size += 1) {
      const dir = await newFolder()
      await cp(source, dir, { recursive: true })
      await truncate(join(dir, file), size)
      const whole = size === text.length ? 3 : 2
      const logger = createListeningLogger()
      const log = await openLog({ dir, logger })
      expect(await log.size()).toBe(whole)
      expect(logger.lines.join().includes('torn tail')).toBe(whole === 2)
      const again = event('seen', { seq: whole })
      expect(await log.append('governance', whole, [again])).toMatchObject({ kind: 'appended' })
      await log.close()
      const verdict = await verifyLog(dir)
      expect(verdict).toMatchObject({ kind: 'sound', leaves: whole + 1, tornBytes: 0 })
    }
  },
  60_000,
)

test('bodies beyond the leaves are cut off and said', async () => {
  const dir = await folderWith(2)
  await changeFile(dir, bodiesFile, (text) => `${text}{"body":{},"salt":"00"}\nhalf`)
  expect(await verifyLog(dir)).toMatchObject({ kind: 'sound', leaves: 2, tornBytes: 28 })
  const logger = createListeningLogger()
  await openLog({ dir, logger })
  expect(logger.lines.join()).toContain('torn tail')
  expect(lines(await readFile(join(dir, bodiesFile), 'utf8'))).toHaveLength(2)
})

test('a crash within an append of several events leaves none of them', async () => {
  const source = await folderWith(1)
  const log = await openLog({ dir: source })
  await log.append('outside:m', 0, [event('single')])
  await log.append(
    'governance',
    1,
    ['a', 'b', 'c'].map((type) => event(type)),
  )
  await log.close()
  const text = await readFile(join(source, leavesFile), 'utf8')
  for (const kept of [2, 3, 4, 5]) {
    const dir = await newFolder()
    await cp(source, dir, { recursive: true })
    await writeFile(join(dir, leavesFile), joined(lines(text).slice(0, kept)))
    const reopened = await openLog({ dir })
    expect(await reopened.size()).toBe(kept === 5 ? 5 : 2)
    const retried = await reopened.append(
      'governance',
      1,
      ['a', 'b', 'c'].map((type) => event(type)),
    )
    expect(retried).toMatchObject({ kind: 'appended' })
    expect(await reopened.size()).toBe(5)
  }
})

test('single events in the place of half an append that was cut off stay', async () => {
  const dir = await folderWith(1)
  const log = await openLog({ dir })
  await log.append(
    'governance',
    1,
    ['a', 'b', 'c', 'd'].map((type) => event(type)),
  )
  await log.close()
  await changeFile(dir, leavesFile, (text) => joined(lines(text).slice(0, 3)))
  const second = await openLog({ dir })
  await second.append('governance', 1, [event('x')])
  await second.append('governance', 2, [event('y')])
  await second.close()
  expect(await (await openLog({ dir })).size()).toBe(3)
})

test('a retry after a restart yields the same bytes', async () => {
  const dir = await folderWith(2)
  const before = await readFile(join(dir, leavesFile), 'utf8')
  const log = await openLog({ dir })
  expect(await log.append('governance', 1, [event('seen', { seq: 1 })])).toMatchObject({
    kind: 'appended',
    events: [{ position: 1 }],
  })
  expect(await readFile(join(dir, leavesFile), 'utf8')).toBe(before)
})

test('a verdict needs a log to judge', async () => {
  expect(await verifyLog(await newFolder())).toMatchObject({
    kind: 'fault',
    what: 'the file is missing',
  })
})
