import { isUtf8 } from 'node:buffer'
import type { ByteSource } from './byte-source.js'
import { headLength, hiddenFormat, magicFormat } from './formats/magic.js'
import { inspectOnnx, looksLikeOnnx } from './formats/onnx.js'
import { isDangerousImport } from './formats/pickle-danger.js'
import { importsSomething, walkPickle, type PickleWalk } from './formats/pickle.js'
import { inspectSafetensors, looksLikeSafetensors } from './formats/safetensors.js'
import { inspectText } from './formats/text.js'
import { malformed, maliciousPickle, polyglot, refused } from './refusals.js'
import { inert, Malformed, type FileVerdict } from './verdict.js'

const longestText = 64 * 1024 * 1024

/** What an inspector must know of the rest of the model: every file's size in bytes, by path. */
export type ModelSizes = ReadonlyMap<string, number>

async function guarded(
  path: string,
  format: string,
  inspect: () => FileVerdict | Promise<FileVerdict>,
): Promise<FileVerdict> {
  try {
    return await inspect()
  } catch (error) {
    if (error instanceof Malformed) return malformed(path, format, error.message, error.offset)
    throw error
  }
}

function dangerous(walk: PickleWalk): string[] {
  return walk.imports.filter((name) => isDangerousImport(name))
}

/** An inert binary whose bytes also are a zip, an HDF5 file or a pickle is a trap for the other loader. */
export async function assertOnlyOne(
  source: ByteSource,
  verdict: FileVerdict,
): Promise<FileVerdict> {
  if (verdict.verdict !== 'inert') return verdict
  const hidden = await hiddenFormat(source)
  if (hidden !== null) return polyglot(source.path, verdict.format, hidden)
  const walk = await walkPickle(source)
  return importsSomething(walk) ? polyglot(source.path, verdict.format, 'a pickle') : verdict
}

async function inspectStructured(
  source: ByteSource,
  head: Uint8Array,
  sizes: ModelSizes,
): Promise<FileVerdict | null> {
  const { path } = source
  if (looksLikeSafetensors(head)) {
    const verdict = await guarded(path, 'safetensors', () => inspectSafetensors(source))
    return assertOnlyOne(source, verdict)
  }
  if (!looksLikeOnnx(head) || magicFormat(head) === 'saved-model') return null
  return assertOnlyOne(source, await guarded(path, 'onnx', () => inspectOnnx(source, sizes)))
}

/** A control character, but for tab and line ends, stands in no text. */
function isTextHead(head: Uint8Array): boolean {
  return !head.some(
    (byte) => (byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 13) || byte === 0x7f,
  )
}

/** Protocol 0 is plain text: only its opcodes tell it from a note. */
function isTextPickle(walk: PickleWalk, size: number): boolean {
  if (dangerous(walk).length > 0 || walk.end === size) return true
  return walk.calls && importsSomething(walk)
}

async function inspectReadable(source: ByteSource, sizes: ModelSizes): Promise<FileVerdict | null> {
  if (source.size > longestText) return refused(source.path, 'large-text')
  const bytes = await source.read(0, source.size)
  if (!isUtf8(bytes)) return null
  const walk = await walkPickle(source)
  if (isTextPickle(walk, source.size)) return pickleVerdict(source.path, 'pickle', walk)
  const text = Buffer.from(bytes).toString('utf8')
  const paths = new Set(sizes.keys())
  const named = /(^|\/)mlmodel$/i.test(source.path) ? 'mlmodel' : 'json'
  return guarded(source.path, named, () => inspectText(source, text, paths))
}

function pickleVerdict(path: string, format: string, walk: PickleWalk): FileVerdict {
  const imports = dangerous(walk)
  if (imports.length > 0) return maliciousPickle(path, format, imports)
  const seen = walk.imports.length === 0 ? '' : `it imports ${walk.imports.slice(0, 10).join(', ')}`
  return refused(path, format, 'high', seen)
}

function isBinaryPickle(head: Uint8Array, walk: PickleWalk, size: number): boolean {
  const [proto, version = 255] = head
  return (proto === 0x80 && version <= 5) || importsSomething(walk) || walk.end === size
}

async function inspectUnsupported(source: ByteSource, head: Uint8Array): Promise<FileVerdict> {
  const walk = await walkPickle(source)
  const magic = magicFormat(head)
  if (magic !== null && dangerous(walk).length === 0) return refused(source.path, magic)
  if (magic === null && !isBinaryPickle(head, walk, source.size))
    return refused(source.path, 'unknown')
  return pickleVerdict(source.path, 'pickle', walk)
}

/**
 * What one file is, by its bytes. A name is believed only when it makes the answer stricter.
 *
 * @throws PromotionError `SNAPSHOT_UNSTABLE`; the reason of an aborted signal
 */
export async function inspectFile(source: ByteSource, sizes: ModelSizes): Promise<FileVerdict> {
  if (source.size === 0) return inert('empty')
  const head = await source.head(headLength)
  const structured = await inspectStructured(source, head, sizes)
  if (structured !== null) return structured
  const readable = isTextHead(head) ? await inspectReadable(source, sizes) : null
  return readable ?? inspectUnsupported(source, head)
}
