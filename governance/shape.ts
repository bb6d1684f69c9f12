import type { z } from 'zod'
import { shown, type GovernanceFault } from './faults.js'
import type { YamlDocument } from './yaml.js'

type Path = readonly (string | number)[]

const durations: ReadonlySet<string> = new Set([
  'decide',
  'use',
  'mendWithin',
  'approvalHolds',
  'longest',
])

function pathOf(issue: z.core.$ZodIssue): Path {
  return issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))
}

function valueAt(document: YamlDocument, path: Path): unknown {
  let value: unknown = document.value
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = Reflect.get(value, part)
  }
  return value
}

function expectedOf(issue: z.core.$ZodIssue, path: Path): string {
  if (durations.has(String(path.at(-1)))) return 'a duration such as 14 days, 30 minutes or 0'
  if (issue.code === 'invalid_type') return issue.expected
  if (issue.code === 'invalid_value') return `one of ${issue.values.map(String).join(', ')}`
  if (issue.code === 'invalid_union') {
    const each = issue.errors.flatMap((errors) => {
      const [first] = errors
      return first ? [expectedOf(first, path)] : []
    })
    return [...new Set(each)].join(' or ')
  }
  return issue.message
}

function whatOf(issue: z.core.$ZodIssue, path: Path, value: unknown): string {
  const expected = expectedOf(issue, path)
  if (value === undefined) return `is missing: ${expected} was expected`
  if (typeof value === 'object' && value !== null) return `is not as expected: ${expected}`
  return `is ${shown(value)}; expected: ${expected}`
}

function faultsOf(issue: z.core.$ZodIssue, document: YamlDocument): readonly GovernanceFault[] {
  const at = pathOf(issue)
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) =>
      faultAt(document, [...at, key], 'is no field that is known here'),
    )
  }
  return [faultAt(document, at, whatOf(issue, at, valueAt(document, at)))]
}

/** A fault at a path of a document, with the line of it or of the nearest part above. */
export function faultAt(document: YamlDocument, path: Path, what: string): GovernanceFault {
  return { file: document.file, ...document.place(path), field: path.join('.'), what }
}

/** A document as a schema wants it, or everything in which it differs. */
export function shaped<Schema extends z.ZodType>(
  schema: Schema,
  document: YamlDocument,
): { readonly value: z.output<Schema> } | { readonly faults: readonly GovernanceFault[] } {
  const read = schema.safeParse(document.value)
  if (read.success) return { value: read.data }
  return { faults: read.error.issues.flatMap((issue) => faultsOf(issue, document)) }
}
