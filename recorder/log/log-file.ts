import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'

/** The few things that the log does to a file. Tests put a failing disk behind it. */
export interface LogFile {
  size(): Promise<number>
  /** Reads exactly so many bytes. @throws Error when the file is shorter */
  read(offset: number, length: number): Promise<Buffer>
  write(offset: number, bytes: Uint8Array): Promise<void>
  truncate(size: number): Promise<void>
  /** Returns once everything written so far is on the disk. */
  sync(): Promise<void>
  close(): Promise<void>
}

/** Opens a file to read and write, and makes it (mode 600) if it is missing. */
export type OpenLogFile = (path: string) => Promise<LogFile>

async function readExactly(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await handle.read(buffer, done, length - done, offset + done)
    if (bytesRead === 0) throw new Error(`the file ends ${length - done} bytes too early`)
    done += bytesRead
  }
  return buffer
}

async function writeFully(handle: FileHandle, offset: number, bytes: Uint8Array): Promise<void> {
  let done = 0
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, offset + done)
    done += bytesWritten
  }
}

export const openLogFile: OpenLogFile = async (path) => {
  const handle = await open(path, constants.O_RDWR + constants.O_CREAT, 0o600)
  return {
    size: async () => (await handle.stat()).size,
    read: (offset, length) => readExactly(handle, offset, length),
    write: (offset, bytes) => writeFully(handle, offset, bytes),
    truncate: (size) => handle.truncate(size),
    sync: () => handle.datasync(),
    close: () => handle.close(),
  }
}
