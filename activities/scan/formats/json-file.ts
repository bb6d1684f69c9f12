import { extname } from 'node:path'
import { findingOf } from '../../finding.js'
import { refused } from '../refusals.js'
import { inert, type FileVerdict } from '../verdict.js'
import { isJsonObject, parseStrictJson, type JsonValue } from './strict-json.js'
import { templateVerdict } from './template.js'

/** Keys by which Hugging Face, skops and Keras find code to run. */
const codeKeys: ReadonlySet<string> = new Set([
  'auto_map',
  'custom_pipelines',
  '__loader__',
  '__lambda__',
  'chat_template',
])

/** True for a text that a JSON reader would be given: it must then be JSON, and nothing else will do. */
export function claimsJson(path: string, text: string): boolean {
  if (['.json', '.ipynb'].includes(extname(path).toLowerCase())) return true
  return /^\s*(\{(?![{%])|\[\s*([[{"\]]|-?\d|true|false|null))/.test(text)
}

/** The first key that a loader takes code from; null where there is none. */
function codeKey(value: JsonValue): string | null {
  const open: JsonValue[] = [value]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (Array.isArray(next)) {
      for (const item of next) open.push(item)
      continue
    }
    if (!isJsonObject(next)) continue
    const found = Object.keys(next).find((key) => codeKeys.has(key))
    if (found !== undefined) return found
    if (next['class_name'] === 'Lambda') return 'class_name: Lambda'
    for (const item of Object.values(next)) open.push(item)
  }
  return null
}

function isNotebook(value: JsonValue): boolean {
  return isJsonObject(value) && 'nbformat' in value && 'cells' in value
}

/** Reads a whole file of JSON. @throws Malformed */
export function inspectJson(path: string, text: string): FileVerdict {
  const value = parseStrictJson(text)
  if (isNotebook(value)) return refused(path, 'notebook')
  const key = codeKey(value)
  if (key === null) return templateVerdict(path, text, 'json') ?? inert('json')
  const finding = findingOf({
    rule: 'scan/json-code',
    about: path,
    severity: 'high',
    what: `The JSON holds "${key}", from which a loader takes code to run.`,
    why: 'Loaders of Hugging Face, Keras and skops import or run what stands there.',
    remedy: 'Export the model to ONNX, which needs no code of its own, and leave this file out.',
  })
  return { format: 'json', verdict: 'contains-code', findings: [finding] }
}
