import { isMap, isNode, isScalar, isSeq, type Node, type Pair } from 'yaml'
import type { Json } from '../src/domain/canonical.js'
import { shown } from './faults.js'
import { invisibleAt, maxDepth, tooDeep } from './yaml-guard.js'

export type Path = readonly (string | number)[]

/** Where faults go, and where each path's offset in the text is kept. */
export interface Walk {
  readonly fail: (offset: number, path: Path, what: string) => void
  readonly offsets: Map<string, number>
}

/** No key holds a NUL, so two paths never share one text. */
export const keyOf = (path: Path) => path.join('\0')

/** Why a node cannot be plain data; null where it can. */
function oddity(node: Node, path: Path): string | null {
  if (!isScalar(node) && path.length >= maxDepth) return tooDeep
  if (node.tag !== undefined) return `has a tag ${shown(node.tag)}: plain data was expected`
  if ('anchor' in node && node.anchor !== undefined) {
    return `has an anchor ${shown(node.anchor)}: none was expected`
  }
  return null
}

/** A composed node as JSON; whatever JSON cannot say, or nobody should write, goes to `walk.fail`. */
export function toJson(node: Node | null, path: Path, walk: Walk): Json {
  if (node === null) return null
  const offset = node.range?.[0] ?? 0
  if (!walk.offsets.has(keyOf(path))) walk.offsets.set(keyOf(path), offset)
  const odd = oddity(node, path)
  if (odd !== null) walk.fail(offset, path, odd)
  else if (isMap(node)) return objectOf(node.items, path, walk)
  else if (isSeq(node)) return listOf(node.items, path, walk)
  else if (isScalar(node)) return scalarOf(node.value, offset, path, walk)
  else walk.fail(offset, path, 'is an alias: the value itself was expected')
  return null
}

function listOf(items: readonly unknown[], path: Path, walk: Walk): Json {
  return items.map((item, index) => toJson(nodeOf(item), [...path, index], walk))
}

function nodeOf(item: unknown): Node | null {
  return isNode(item) ? item : null
}

function objectOf(items: readonly Pair[], path: Path, walk: Walk): Json {
  const members: [string, Json][] = []
  const seen = new Set<string>()
  for (const { key, value } of items) {
    const name = keyName(key, path, walk)
    if (name === null) continue
    const at = [...path, name.text]
    if (seen.has(name.text)) walk.fail(name.offset, at, 'stands here twice')
    seen.add(name.text)
    walk.offsets.set(keyOf(at), name.offset)
    members.push([name.text, toJson(nodeOf(value), at, walk)])
  }
  return Object.fromEntries(members)
}

const refusedKeys: ReadonlySet<string> = new Set(['<<', '__proto__'])

function isPlainKey(text: string): boolean {
  return !refusedKeys.has(text) && invisibleAt(text) === null
}

function keyName(key: unknown, path: Path, walk: Walk): { text: string; offset: number } | null {
  const node = nodeOf(key)
  const offset = node?.range?.[0] ?? 0
  const value = isScalar(node) && oddity(node, []) === null ? node.value : undefined
  if (typeof value === 'string' && isPlainKey(value)) return { text: value, offset }
  const found = isScalar(node) ? shown(node.value) : 'something else'
  walk.fail(offset, path, `has a key that is ${found}: a plain name was expected`)
  return null
}

function scalarOf(value: unknown, offset: number, path: Path, walk: Walk): Json {
  if (value === null || typeof value === 'boolean') return value
  if (typeof value === 'number') {
    const isExact = Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value)
    if (!isExact) walk.fail(offset, path, `is ${shown(value)}: a number was expected that is exact`)
    return value
  }
  if (typeof value === 'string' && invisibleAt(value) === null) return value
  walk.fail(offset, path, `is ${shown(value)}: text without invisible characters was expected`)
  return null
}
