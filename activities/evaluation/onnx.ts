import type { ModelFiles } from '../check.js'
import { MalformedMessage, type WireField, wireFieldAt, wireFields, wireText } from './protobuf.js'

/** What the graph says about itself before anything is run. */
export interface OnnxSurvey {
  /** Names of tensors whose values lie in another file. */
  readonly external: readonly string[]
  /** Whether an output is a list of maps, which the runtime cannot hand over. */
  readonly zipMap: boolean
  /** The class labels that classifier nodes carry, each list once. */
  readonly labels: readonly (readonly string[])[]
}

/** Field numbers of onnx.proto. A number means one thing in each kind of message. */
const children: Record<string, Record<number, string>> = {
  model: { 7: 'graph', 20: 'training', 25: 'function' },
  training: { 1: 'graph', 2: 'graph' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparse' },
  function: { 7: 'node', 11: 'attribute' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse', 23: 'sparse' },
  sparse: { 1: 'tensor', 2: 'tensor' },
}

const knownModelFields = new Set([1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26])
const deepest = 64

interface Sheet {
  readonly bytes: Uint8Array
  readonly external: string[]
  readonly labels: string[][]
  zipMap: boolean
}

const signed = (field: WireField) => String(BigInt.asIntN(64, field.value))

function readTensor(sheet: Sheet, start: number, end: number) {
  const fields = [...wireFields(sheet.bytes, start, end)]
  // An entry of external_data counts even where data_location denies it: no reader agrees on that case.
  const external = fields.some(
    (field) => field.number === 13 || (field.number === 14 && field.value !== 0n),
  )
  const name = fields.find((field) => field.number === 8)
  if (external) sheet.external.push(name ? wireText(sheet.bytes, name) : '')
}

function packedNumbers(sheet: Sheet, field: WireField): string[] {
  if (field.kind === 'varint') return [signed(field)]
  const values: string[] = []
  // A packed list is varints without keys; a key in front makes each one readable as a field.
  for (let at = field.start; at < field.end;) {
    const stop = sheet.bytes.subarray(at, field.end).findIndex((byte) => byte < 0x80)
    if (stop < 0) throw new MalformedMessage('a packed list is cut off')
    const one = wireFieldAt(Uint8Array.of(8, ...sheet.bytes.subarray(at, at + stop + 1)), 0)
    values.push(signed(one))
    at += stop + 1
  }
  return values
}

function readAttribute(sheet: Sheet, start: number, end: number) {
  const fields = [...wireFields(sheet.bytes, start, end)]
  const name = fields.find((field) => field.number === 1)
  if (!name || !wireText(sheet.bytes, name).startsWith('classlabels_')) return
  const labels = fields.flatMap((field) => {
    if (field.number === 8) return packedNumbers(sheet, field)
    return field.number === 9 ? [wireText(sheet.bytes, field)] : []
  })
  const known = sheet.labels.some((list) => JSON.stringify(list) === JSON.stringify(labels))
  if (labels.length > 0 && !known) sheet.labels.push(labels)
}

function readNode(sheet: Sheet, start: number, end: number) {
  for (const field of wireFields(sheet.bytes, start, end)) {
    if (field.number === 4 && wireText(sheet.bytes, field) === 'ZipMap') sheet.zipMap = true
  }
}

const readers: Record<string, typeof readNode> = {
  node: readNode,
  attribute: readAttribute,
  tensor: readTensor,
}

function walk(sheet: Sheet, kind: string, start: number, end: number, depth: number) {
  if (depth > deepest) throw new MalformedMessage(`the graph is nested deeper than ${deepest}`)
  readers[kind]?.(sheet, start, end)
  for (const field of wireFields(sheet.bytes, start, end)) {
    const child = field.kind === 'bytes' ? children[kind]?.[field.number] : undefined
    if (child) walk(sheet, child, field.start, field.end, depth + 1)
  }
}

/**
 * Reads what matters of an ONNX model without running it.
 *
 * @throws MalformedMessage where the bytes are no such model
 */
export function surveyOnnx(bytes: Uint8Array): OnnxSurvey {
  const sheet: Sheet = { bytes, external: [], labels: [], zipMap: false }
  walk(sheet, 'model', 0, bytes.length, 0)
  return sheet
}

const headBytes = 32
const mostFields = 10_000

async function isOnnx(files: ModelFiles, path: string, size: number): Promise<boolean> {
  let hasGraph = false
  let at = 0
  for (let count = 0; at < size && count < mostFields; count += 1) {
    const field = wireFieldAt(await files.read(path, at, headBytes), 0)
    if (!knownModelFields.has(field.number)) return false
    hasGraph ||= field.number === 7 && field.kind === 'bytes'
    at += field.end
  }
  return at === size && hasGraph
}

/** The paths of all files that are ONNX models by their content, whatever they are called. */
export async function findOnnx(files: ModelFiles): Promise<string[]> {
  const found: string[] = []
  for (const { path, size } of files.manifest) {
    const yes = await isOnnx(files, path, size).catch((error: unknown) => {
      if (error instanceof MalformedMessage) return false
      throw error
    })
    if (yes) found.push(path)
  }
  return found
}
