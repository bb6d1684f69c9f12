import type { Finding } from '../../../src/schema/check.js'
import { findingOf } from '../../finding.js'
import type { ByteSource } from '../byte-source.js'
import { createCursor } from '../cursor.js'
import { inert, Malformed, type ExternalRange, type FileVerdict } from '../verdict.js'
import type { MessageName } from './onnx-schema.js'
import { assertTensor, externalRange } from './onnx-tensor.js'
import { walkMessage, type Seen } from './onnx-walk.js'

/** Operators that every runtime brings itself. Any other domain is a native library that somebody must load. */
const standardDomains: ReadonlySet<string> = new Set(['', 'ai.onnx', 'ai.onnx.ml'])
const newestIrVersion = 20
/** The tags that may follow the format's version at the head of a model. */
const secondTags: ReadonlySet<number> = new Set([0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72])
const mostForeign = 10_000

interface Collected {
  readonly foreign: Set<string>
  readonly importedDomains: Set<string>
  readonly functions: Set<string>
  readonly functionDomains: Set<string>
  readonly external: ExternalRange[]
  readonly findings: Finding[]
  hasTraining: boolean
}

/** True when the file begins as every ONNX writer begins one: the format's version, then another field of a model. */
export function looksLikeOnnx(head: Uint8Array): boolean {
  const [tag, version = 0, next] = head
  if (tag !== 0x08 || version < 1 || version > newestIrVersion) return false
  return next === undefined || secondTags.has(next)
}

function required(seen: Seen, field: string, message: string): void {
  if (!seen.counts.has(field)) throw new Malformed(`a ${message} has no ${field}`, seen.at)
}

function keepForeign(known: Collected, seen: Seen): void {
  required(seen, 'op_type', 'node')
  const domain = seen.texts.get('domain') ?? ''
  if (standardDomains.has(domain)) return
  known.foreign.add(`${domain}::${seen.texts.get('op_type')}`)
  if (known.foreign.size > mostForeign) {
    throw new Malformed(`more than ${mostForeign} operators outside the standard`, seen.at)
  }
}

function keepFunction(known: Collected, seen: Seen): void {
  required(seen, 'name', 'function')
  const domain = seen.texts.get('domain') ?? ''
  known.functionDomains.add(domain)
  known.functions.add(`${domain}::${seen.texts.get('name')}`)
}

function assertModel(seen: Seen): void {
  for (const field of ['ir_version', 'graph', 'opset']) required(seen, field, 'model')
  const version = seen.numbers.get('ir_version') ?? 0
  if (version >= 1 && version <= newestIrVersion) return
  throw new Malformed(`the format's version is ${version}`, 0)
}

function visitor(path: string, sizes: ReadonlyMap<string, number>, known: Collected) {
  const tensor = (seen: Seen) => {
    assertTensor(seen)
    if (seen.external.length === 0) return
    const range = externalRange(path, seen, sizes)
    if ('end' in range) known.external.push(range)
    else known.findings.push(range)
  }
  const visits: { readonly [message in MessageName]?: (seen: Seen) => void } = {
    Model: assertModel,
    Entry: (seen) => required(seen, 'key', 'metadata entry'),
    Attribute: (seen) => required(seen, 'name', 'attribute'),
    Node: (seen) => keepForeign(known, seen),
    Function: (seen) => keepFunction(known, seen),
    Tensor: tensor,
    Opset: (seen) => {
      required(seen, 'version', 'operator set')
      known.importedDomains.add(seen.texts.get('domain') ?? '')
    },
    Training: () => {
      known.hasTraining = true
    },
  }
  return (message: MessageName, seen: Seen) => visits[message]?.(seen)
}

function foreignFindings(path: string, known: Collected): Finding[] {
  const operators = [...known.foreign].filter((operator) => !known.functions.has(operator))
  const domains = [...known.importedDomains].filter(
    (domain) => !standardDomains.has(domain) && !known.functionDomains.has(domain),
  )
  const names = [...new Set([...operators, ...domains])].toSorted()
  if (names.length === 0) return []
  return [
    findingOf({
      rule: 'scan/onnx-custom-domain',
      about: path,
      severity: 'high',
      what: `The ONNX file uses operators outside the standard: ${names.slice(0, 10).join(', ')}.`,
      why: 'Such operators come from a native library or run Python; whoever serves the model must load that code, and no scan of the model sees it.',
      remedy: 'Export again with standard operators only (domains "ai.onnx" and "ai.onnx.ml").',
    }),
  ]
}

function trainingFindings(path: string, known: Collected): Finding[] {
  if (!known.hasTraining && !known.importedDomains.has('ai.onnx.preview.training')) return []
  return [
    findingOf({
      rule: 'scan/onnx-training',
      about: path,
      severity: 'medium',
      what: 'The ONNX file holds a training graph.',
      why: 'A served model that can train itself can change; what was checked would not be what answers.',
      remedy: 'Export the model for inference only.',
    }),
  ]
}

/**
 * Walks an ONNX model to its last byte, subgraphs and functions too, without reading a tensor.
 *
 * @param sizes all files of the model, by path, with their size in bytes
 * @throws Malformed
 */
export async function inspectOnnx(
  source: ByteSource,
  sizes: ReadonlyMap<string, number>,
): Promise<FileVerdict> {
  const known: Collected = {
    foreign: new Set(),
    importedDomains: new Set(),
    functions: new Set(),
    functionDomains: new Set(),
    external: [],
    findings: [],
    hasTraining: false,
  }
  const visit = visitor(source.path, sizes, known)
  await walkMessage({ cursor: createCursor(source), visit, fields: 0 }, 'Model', source.size)

  const foreign = foreignFindings(source.path, known)
  const findings = [...known.findings, ...foreign, ...trainingFindings(source.path, known)]
  if (findings.length === 0) return { ...inert('onnx'), external: known.external }
  const isWorse = known.findings.length > 0 || foreign.length === 0
  return { format: 'onnx', verdict: isWorse ? 'refused' : 'contains-code', findings }
}
