import type { LogFile } from './log-file.js'

export interface LogLine {
  readonly text: string
  /** Bytes with the line end. */
  readonly bytes: number
}

const chunkBytes = 1024 * 1024

/**
 * The complete lines of a file, in order. Bytes after the last line end are not a line: whoever sums up the
 * lines' bytes knows where that torn tail begins.
 *
 * @throws TypeError where a line is not UTF-8
 */
export async function* linesOf(file: LogFile): AsyncGenerator<LogLine> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const size = await file.size()
  let rest = Buffer.alloc(0)
  for (let offset = 0; offset < size; offset += chunkBytes) {
    const chunk = await file.read(offset, Math.min(chunkBytes, size - offset))
    let start = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      const line = Buffer.concat([rest, chunk.subarray(start, end)])
      yield { text: decoder.decode(line), bytes: line.length + 1 }
      rest = Buffer.alloc(0)
      start = end + 1
    }
    rest = Buffer.concat([rest, chunk.subarray(start)])
  }
}
