import { digestOf } from '../src/domain/canonical.js'
import {
  governanceFile,
  ownersFile,
  policyFile,
  type GovernanceFile,
  type OwnersFile,
  type PolicyFile,
} from '../src/schema/governance.js'
import type { z } from 'zod'
import { fileFault, type GovernanceFault } from './faults.js'
import { faultAt, shaped } from './shape.js'
import { readYaml, type YamlDocument } from './yaml.js'

export const headName = 'governance.yaml'
export const ownersName = 'owners.yaml'

/** A file as it was read, with the lines of what it says. */
export interface Placed<Value> {
  readonly value: Value
  readonly document: YamlDocument
}

export interface Documents {
  readonly head: Placed<GovernanceFile>
  readonly owners: Placed<OwnersFile>
  readonly policies: readonly Placed<PolicyFile>[]
}

type Files = ReadonlyMap<string, Uint8Array>

function readAs<Schema extends z.ZodType>(
  schema: Schema,
  file: string,
  files: Files,
  faults: GovernanceFault[],
): Placed<z.output<Schema>> | null {
  const bytes = files.get(file)
  if (!bytes) {
    faults.push(fileFault(file, 'is missing'))
    return null
  }
  const read = readYaml(bytes, file)
  if ('faults' in read) {
    faults.push(...read.faults)
    return null
  }
  const shape = shaped(schema, read.document)
  if ('value' in shape) return { value: shape.value, document: read.document }
  faults.push(...shape.faults)
  return null
}

const listable = /^(owners\.yaml|policies\/[A-Za-z0-9._-]+\.yaml|keys\/[A-Za-z0-9._-]+)$/

/** What the head says of the other files against what lies there: each that differs is named. */
function faultsOfFiles(head: Placed<GovernanceFile>, files: Files): readonly GovernanceFault[] {
  const listed = head.value.files
  const unlisted = [...files.keys()].filter(
    (file) => file !== headName && !Object.hasOwn(listed, file),
  )
  return [
    ...unlisted.map((file) =>
      fileFault(file, `lies in the folder, but ${headName} does not list it`),
    ),
    ...Object.entries(listed).flatMap(([file, digest]) => {
      const at = (what: string) => [faultAt(head.document, ['files', file], what)]
      const bytes = files.get(file)
      if (!listable.test(file)) return at(`is neither ${ownersName}, policies/*.yaml nor keys/*`)
      if (!bytes) return at('is listed, but is not in the folder')
      const found = digestOf(bytes)
      if (found === digest) return []
      return at(
        `was changed: its digest is ${found}; if that is meant, write it here and raise sequence`,
      )
    }),
  ]
}

/** Head, owners and policies of a set, or null with the reasons added to `faults`. */
export function readDocuments(files: Files, faults: GovernanceFault[]): Documents | null {
  const head = readAs(governanceFile, headName, files, faults)
  if (head) faults.push(...faultsOfFiles(head, files))
  const owners = readAs(ownersFile, ownersName, files, faults)
  const policyNames = [...files.keys()].filter((file) => /^policies\/[^/]+\.yaml$/.test(file))
  const policies = policyNames.flatMap((file) => readAs(policyFile, file, files, faults) ?? [])
  return head && owners && policies.length === policyNames.length
    ? { head, owners, policies }
    : null
}
