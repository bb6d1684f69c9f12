import { createHash } from 'node:crypto'
import {
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'
import { governanceFile, ownersFile, policyFile } from '../../../src/schema/governance.js'
import type { GovernanceFile, OwnersFile, PolicyFile } from '../../../src/schema/governance.js'

/** A governance set that may still be changed; policies by id. */
export interface Draft {
  readonly head: GovernanceFile
  readonly owners: OwnersFile
  readonly policies: Record<string, PolicyFile>
}

/** A model of its own for one test: a copy of an example's versions under a policy of its own. */
export interface Lab {
  readonly model: string
  readonly from?: 'diabetes-risk' | 'ward-forecast'
  readonly policy?: (policy: PolicyFile) => void
}

const source = 'examples/governance'
const keys = ['keys/bo.pub', 'keys/training-pipeline.pub']

function read(file: string): unknown {
  return parse(readFileSync(join(source, file), 'utf8'))
}

function exampleDraft(): Draft {
  const policies = ['diabetes', 'ward'].map((id) => policyFile.parse(read(`policies/${id}.yaml`)))
  return {
    head: governanceFile.parse(read('governance.yaml')),
    owners: ownersFile.parse(read('owners.yaml')),
    policies: Object.fromEntries(policies.map((policy) => [policy.id, policy])),
  }
}

function addLab(draft: Draft, { model, from = 'diabetes-risk', policy }: Lab): void {
  const pattern = draft.policies[from === 'diabetes-risk' ? 'diabetes' : 'ward']
  if (!pattern) throw new Error('the examples have changed')
  const own = structuredClone(pattern)
  own.id = model
  own.match = { models: [model], environments: ['production'] }
  policy?.(own)
  draft.policies[model] = own
  for (const team of ['model-risk', 'clinical-safety', 'platform']) {
    draft.owners.owns.push({ models: [model], stage: 'release', concern: team, team })
  }
}

function write(folder: string, draft: Draft, sequence: number): void {
  const files: Record<string, `sha256:${string}`> = {}
  const put = (file: string, text: string) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
    files[file] = `sha256:${createHash('sha256').update(text).digest('hex')}`
  }
  for (const file of keys) put(file, readFileSync(join(source, file), 'utf8'))
  // JSON is YAML, so the reader takes it as it takes the committed files.
  put('owners.yaml', JSON.stringify(draft.owners))
  for (const policy of Object.values(draft.policies)) {
    put(`policies/${policy.id}.yaml`, JSON.stringify(policy))
  }
  const head = JSON.stringify({ ...draft.head, sequence, files })
  writeFileSync(join(folder, 'governance.yaml'), head)
}

/**
 * The governance folder of one house. Every set is written apart and put in place by one rename, as a careful
 * operator does, so that no reader sees half of one.
 */
export function createGovernanceFolder(home: string, labs: readonly Lab[]) {
  const base = exampleDraft()
  for (const lab of labs) addLab(base, lab)
  const place = join(home, 'governance')
  let sequence = 0

  function putInPlace(folder: string): void {
    symlinkSync(folder, `${place}.next`)
    renameSync(`${place}.next`, place)
  }

  function govern(edit: (draft: Draft) => void = () => undefined): void {
    const draft = structuredClone(base)
    edit(draft)
    sequence += 1
    const folder = `${place}-${sequence}`
    write(folder, draft, sequence)
    putInPlace(folder)
  }

  govern()
  return {
    path: place,
    /** Puts the next set in force: the first one, with some changes. */
    govern,
    /** Puts a set in force that nobody may act under: one file is not what its head says. */
    breakGovernance(): void {
      const broken = `${place}-broken`
      rmSync(broken, { recursive: true, force: true })
      cpSync(`${place}-${sequence}`, broken, { recursive: true })
      writeFileSync(join(broken, 'owners.yaml'), '{}')
      putInPlace(broken)
    },
  }
}
