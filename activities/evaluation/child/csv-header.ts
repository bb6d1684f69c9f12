import { open } from 'node:fs/promises'
import { Refusal } from './refusal.js'

const longestHeader = 1024 * 1024

/** One name of RFC 4180, plain or quoted with quotes doubled, and what ends it. */
const nameAndEnd = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r?\n|\r|$)/y

function firstRecord(text: string): readonly string[] | null {
  const names: string[] = []
  nameAndEnd.lastIndex = 0
  for (;;) {
    const found = nameAndEnd.exec(text)
    if (!found) return null
    const [, inQuotes, plain = '', end] = found
    names.push(inQuotes === undefined ? plain : inQuotes.replaceAll('""', '"'))
    if (end !== ',') return names
  }
}

/**
 * The column names as they stand in the file. The database would rename repeated ones and fold their case,
 * so that a second column of a name could be read in place of the first.
 */
export async function csvHeader(path: string): Promise<readonly string[]> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(longestHeader), 0, longestHeader, 0)
    const bytes = buffer.subarray(0, bytesRead)
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
    const names = firstRecord(text)
    if (!names) throw new Refusal('set-unreadable', 'The evaluation set has no readable header')
    return names
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    throw new Refusal('set-unreadable', 'The evaluation set is not UTF-8 text', { cause })
  } finally {
    await file.close()
  }
}
