import type { ByteSource } from './byte-source.js'
import { Malformed } from './verdict.js'

const windowBytes = 64 * 1024

/**
 * Reads a file forward through a small window, so that a model of any size takes 64 KiB. The plain functions work
 * on what the window holds; `need` fills it, and is awaited only when `has` says no, because a graph of a million
 * fields cannot afford a promise for each.
 */
export interface Cursor {
  position(): number
  seek(position: number): void
  has(bytes: number): boolean
  /** Makes the next `bytes` bytes readable, or as many as the file has; at most 64 KiB are promised. */
  need(bytes: number): Promise<void>
  /** @throws Malformed at the end of the file */
  byte(): number
  /** @throws Malformed when the file ends before `length` bytes */
  take(length: number): Promise<Uint8Array>
}

export function createCursor(source: ByteSource): Cursor {
  let buffer = new Uint8Array(0)
  let start = 0
  let at = 0
  const inWindow = (bytes: number) => at >= start && at + bytes <= start + buffer.length

  return {
    position: () => at,
    seek: (position) => {
      at = position
    },
    has: (bytes) => inWindow(Math.min(bytes, source.size - at)),
    need: async (bytes) => {
      if (inWindow(Math.min(bytes, source.size - at))) return
      buffer = new Uint8Array(await source.read(at, Math.min(windowBytes, source.size - at)))
      start = at
    },
    byte: () => {
      const value = buffer[at - start]
      if (value === undefined) throw new Malformed('the file ends in the middle of a value', at)
      at += 1
      return value
    },
    take: async (length) => {
      if (length > source.size - at) {
        throw new Malformed(`${length} bytes are announced and ${source.size - at} are left`, at)
      }
      const bytes = inWindow(length)
        ? buffer.slice(at - start, at - start + length)
        : await source.read(at, length)
      at += length
      return bytes
    },
  }
}
