import { z } from 'zod'
import { digestOfJson } from '../../src/domain/canonical.js'
import type { LogFile } from './log-file.js'

export const batchMarkName = 'log/batch.json'

export type Groups = readonly (readonly [from: number, count: number])[]

const markSchema = z.strictObject({
  groups: z.array(z.tuple([z.int().min(0), z.int().min(2)])),
  sum: z.string(),
})

/**
 * Remembers which leaves of the batch that is about to be written stand or fall together. It is durable before the
 * first of them is, so that a start after a crash can tell half an append from a whole one.
 */
export async function writeBatchMark(file: LogFile, groups: Groups): Promise<void> {
  const list = groups.map(([from, count]) => [from, count])
  const line = Buffer.from(`${JSON.stringify({ groups: list, sum: digestOfJson(list) })}\n`)
  await file.write(0, line)
  await file.truncate(line.length)
  await file.sync()
}

/** The groups of the last batch. A mark that was torn belongs to a batch of which no leaf was written: no groups. */
export async function readBatchMark(file: LogFile): Promise<Groups> {
  try {
    const text = (await file.read(0, await file.size())).toString('utf8')
    const { groups, sum } = markSchema.parse(JSON.parse(text.slice(0, text.indexOf('\n'))))
    return sum === digestOfJson(groups) ? groups : []
  } catch {
    return []
  }
}

/** How many of the leaves found may stay: half an append goes as a whole. */
export function wholeAppends(groups: Groups, found: number): number {
  const torn = groups.find(([from, count]) => from < found && found < from + count)
  return torn?.[0] ?? found
}
