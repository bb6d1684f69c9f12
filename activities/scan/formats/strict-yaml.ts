import { isMap, isPair, isScalar, isSeq, parseDocument, type Node } from 'yaml'
import { guardFault } from '../../../governance/yaml-guard.js'
import { Malformed } from '../verdict.js'
import { emptyObject, type JsonValue } from './strict-json.js'

const longestBytes = 1_048_576
const deepest = 32
/** A megabyte of the shortest keys and values there are. */
const mostLexemes = 2_000_000

function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0
}

function assertPlain(node: Node): void {
  const { anchor, tag } = node as { anchor?: string; tag?: string }
  if (anchor !== undefined) throw new Malformed('YAML anchors are not accepted', offsetOf(node))
  // A tag is how YAML asks a loader to build an object, `!!python/object` among them.
  if (tag !== undefined) throw new Malformed('YAML tags are not accepted', offsetOf(node))
}

function scalarOf(node: Node, value: unknown): JsonValue {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw new Malformed('a YAML value is neither text, number, true, false nor null', offsetOf(node))
}

function keyOf(pair: unknown): { readonly key: string; readonly value: unknown } {
  if (!isPair(pair) || !isScalar(pair.key)) throw new Malformed('a YAML key is no plain text', 0)
  assertPlain(pair.key)
  const key = String(pair.key.value)
  if (key === '<<') throw new Malformed('YAML merge keys are not accepted', offsetOf(pair.key))
  return { key, value: pair.value }
}

function valueOf(node: unknown, depth: number): JsonValue {
  if (node === null || node === undefined) return null
  if (depth > deepest) throw new Malformed(`YAML deeper than ${deepest} levels`, 0)
  if (isScalar(node)) {
    assertPlain(node)
    return scalarOf(node, node.value)
  }
  if (isSeq(node)) {
    assertPlain(node)
    return node.items.map((item) => valueOf(item, depth + 1))
  }
  if (!isMap(node)) throw new Malformed('YAML aliases are not accepted', 0)
  assertPlain(node)
  const members = emptyObject()
  for (const pair of node.items) {
    const { key, value } = keyOf(pair)
    if (Object.hasOwn(members, key)) throw new Malformed('a YAML key stands twice', offsetOf(node))
    members[key] = valueOf(value, depth + 1)
  }
  return members
}

function documentOf(text: string) {
  const fault = guardFault(text, mostLexemes)
  if (fault) throw new Malformed(`YAML ${fault.what}`, fault.offset)
  try {
    // Its own check for equal keys compares each with each: a megabyte of keys would take minutes.
    return parseDocument(text, {
      version: '1.2',
      schema: 'core',
      uniqueKeys: false,
      merge: false,
      prettyErrors: false,
    })
  } catch (error) {
    const reason = error instanceof RangeError ? 'too deep' : 'unreadable'
    throw new Malformed(`YAML is ${reason}`, 0)
  }
}

/**
 * Reads one YAML 1.2 document of the core schema: no tags, anchors, aliases, directives, merge keys or equal keys; at
 * most 1 MiB and 32 levels.
 *
 * @throws Malformed with the offset in characters
 */
export function parseStrictYaml(text: string): JsonValue {
  if (Buffer.byteLength(text) > longestBytes) throw new Malformed('YAML larger than 1 MiB', 0)
  if (/^%/m.test(text)) throw new Malformed('YAML directives are not accepted', text.search(/^%/m))
  const document = documentOf(text)
  const [problem] = [...document.errors, ...document.warnings]
  if (problem) throw new Malformed(`YAML: ${problem.code}`, problem.pos[0])
  return valueOf(document.contents, 0)
}
