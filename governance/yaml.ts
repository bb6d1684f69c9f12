import { LineCounter, parseDocument } from 'yaml'
import type { Json } from '../src/domain/canonical.js'
import { GovernanceInvalid, shown, type GovernanceFault } from './faults.js'
import { guardFault, invisibleAt, maxBytes } from './yaml-guard.js'
import { keyOf, toJson, type Path, type Walk } from './yaml-json.js'

/** What a YAML file holds, and where each part of it stands. */
export interface YamlDocument {
  readonly file: string
  readonly value: Json
  /** The place of a path, or of the nearest part above it that is there. */
  place(path: Path): { readonly line: number; readonly column: number }
}

type Read = { readonly document: YamlDocument } | { readonly faults: readonly GovernanceFault[] }

/**
 * Reads one YAML 1.2 core document of hostile origin: at most 1 MiB of UTF-8, 32 levels, no anchors, aliases, tags,
 * directives, merge keys, duplicate keys or invisible characters, numbers that JSON can write down exactly.
 *
 * @throws PromotionError `GOVERNANCE_INVALID` with file, line, column, field and what was expected
 */
export function parseYaml(bytes: Uint8Array | string, file: string): YamlDocument {
  const read = readYaml(bytes, file)
  if ('faults' in read) throw new GovernanceInvalid(read.faults)
  return read.document
}

/** As `parseYaml`, but the faults are the answer, so that those of many files can be told together. */
export function readYaml(bytes: Uint8Array | string, file: string): Read {
  const text = textOf(bytes)
  if (typeof text !== 'string') {
    return { faults: [{ file, line: null, column: null, field: '', what: text.what }] }
  }
  const lines = new LineCounter()
  const faults: GovernanceFault[] = []
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const fail = (offset: number, path: Path, what: string) => {
    faults.push({ file, ...place(offset), field: path.join('.'), what })
  }
  countLines(text, lines)
  const value = read(text, { fail, offsets: new Map() })
  if (faults.length > 0 || value === undefined) return { faults }
  return { document: { file, value: value.json, place: (path) => place(nearest(value, path)) } }
}

/** The line counter learns lines only from the lexer that it is given to; a guard fault comes before that. */
function countLines(text: string, lines: LineCounter): void {
  lines.addNewLine(0)
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) {
    lines.addNewLine(at + 1)
  }
}

function textOf(bytes: Uint8Array | string): string | { readonly what: string } {
  const size = typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.length
  if (size > maxBytes) return { what: `is ${size} bytes: at most ${maxBytes} were expected` }
  if (typeof bytes === 'string') return bytes
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return { what: 'is not valid UTF-8' }
  }
}

interface Found {
  readonly json: Json
  readonly offsets: ReadonlyMap<string, number>
}

function read(text: string, walk: Walk): Found | undefined {
  const hidden = invisibleAt(text)
  if (hidden !== null) {
    const char = shown(String.fromCodePoint(text.codePointAt(hidden) ?? 0))
    walk.fail(hidden, [], `holds a control or invisible character: ${char}`)
    return undefined
  }
  const guard = guardFault(text)
  if (guard) {
    walk.fail(guard.offset, [], guard.what)
    return undefined
  }
  const options = { schema: 'core', version: '1.2', merge: false, uniqueKeys: false } as const
  const document = parseDocument(text, { ...options, prettyErrors: false, logLevel: 'error' })
  const problems = [...document.errors, ...document.warnings]
  for (const { pos, message } of problems.slice(0, 20)) walk.fail(pos[0], [], message)
  if (problems.length > 0) return undefined
  return { json: toJson(document.contents, [], walk), offsets: walk.offsets }
}

function nearest(found: Found, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const offset = found.offsets.get(keyOf(path.slice(0, length)))
    if (offset !== undefined) return offset
  }
  return 0
}
