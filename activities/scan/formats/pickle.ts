import type { ByteSource } from '../byte-source.js'
import { createCursor, type Cursor } from '../cursor.js'
import { Malformed } from '../verdict.js'
import { callingOpcodes, pickleOpcodes, type Argument, type Opcode } from './pickle-opcodes.js'
import { applyOpcode, type PickleState } from './pickle-stack.js'

const mostOpcodes = 20_000_000
const mostStreams = 64
const longestLine = 4096
const longestText = 1024

/** What a walk from the first byte found. Python runs a pickle opcode by opcode, so what stands before an error counts. */
export interface PickleWalk {
  /** Something is called: not only named. */
  readonly calls: boolean
  /** `module.name`, `?` for a part that the walk cannot know. */
  readonly imports: readonly string[]
  /** Where the last complete pickle ends, in bytes; null where none does. */
  readonly end: number | null
}

async function readLine(cursor: Cursor): Promise<string> {
  const bytes: number[] = []
  for (;;) {
    if (!cursor.has(1)) await cursor.need(1)
    const byte = cursor.byte()
    if (byte === 0x0a) return Buffer.from(bytes).toString('latin1')
    bytes.push(byte)
    if (bytes.length > longestLine) throw new Malformed('a line is too long', cursor.position())
  }
}

function littleEndian(bytes: Uint8Array): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0)
}

/** The argument as text where the walk needs it: a name, a memo key; null where only its length counts. */
async function readArgument(
  cursor: Cursor,
  source: ByteSource,
  argument: Argument,
): Promise<string | null> {
  if (argument.kind === 'fixed') {
    return argument.bytes === 0 ? null : String(littleEndian(await cursor.take(argument.bytes)))
  }
  if (argument.kind === 'lines') {
    const first = await readLine(cursor)
    return argument.lines === 1 ? first : `${first}\n${await readLine(cursor)}`
  }
  const length = littleEndian(await cursor.take(argument.lengthBytes))
  if (length > source.size - cursor.position()) {
    throw new Malformed('a text is longer than the file', cursor.position())
  }
  if (length <= longestText) return Buffer.from(await cursor.take(length)).toString('utf8')
  cursor.seek(cursor.position() + length)
  return null
}

async function nextOpcode(cursor: Cursor): Promise<Opcode | null> {
  if (!cursor.has(1)) await cursor.need(1)
  return pickleOpcodes.get(cursor.byte()) ?? null
}

interface Progress {
  opcodes: number
  calls: boolean
}

/** Walks one pickle; true when it reached its STOP. */
async function walkStream(
  cursor: Cursor,
  source: ByteSource,
  state: PickleState,
  progress: Progress,
): Promise<boolean> {
  for (;;) {
    progress.opcodes += 1
    if (progress.opcodes > mostOpcodes) return false
    const opcode = await nextOpcode(cursor)
    if (opcode === null) return false
    let text = await readArgument(cursor, source, opcode.argument)
    // Protocol 0 writes text in quotes; a name that the stack hands to an import has none.
    if (opcode.name === 'STRING' && text !== null) text = text.slice(1, -1)
    if (!applyOpcode(state, opcode, text)) return false
    if (callingOpcodes.has(opcode.name)) progress.calls = true
    if (opcode.name === 'STOP') return true
  }
}

/**
 * Reads a file as Python's pickle would, without building anything. Simple on purpose: it tells what a pickle plainly
 * imports, not that a pickle is harmless, and no pickle passes because of it.
 */
export async function walkPickle(source: ByteSource): Promise<PickleWalk> {
  const cursor = createCursor(source)
  const imports = new Set<string>()
  const progress: Progress = { opcodes: 0, calls: false }
  let end: number | null = null
  try {
    for (let streams = 0; streams < mostStreams && cursor.position() < source.size; streams += 1) {
      const state: PickleState = { stack: [], memo: new Map(), imports }
      if (!(await walkStream(cursor, source, state, progress))) break
      end = cursor.position()
    }
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
  }
  return { calls: progress.calls, imports: [...imports].toSorted(), end }
}

/** Whether Python would import a module that can exist: a text that begins with `c` names no module. */
export function importsSomething(walk: PickleWalk): boolean {
  return walk.imports.some((name) => /^[\w.?]+$/.test(name))
}
