import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parse } from 'yaml'
import { governanceFile, ownersFile, policyFile } from '../../../src/schema/governance.js'

export const examples = join(import.meta.dirname, '../../../examples')
export const governance = join(examples, 'governance')

export function hexOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

/** Every file below a folder as a path relative to it, sorted; what Python leaves behind is not an example. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => !path.includes('__pycache__'))
    .toSorted()
}

function yamlOf(path: string): unknown {
  return parse(readFileSync(join(governance, path), 'utf8'), { version: '1.2', schema: 'core' })
}

export const head = () => governanceFile.parse(yamlOf('governance.yaml'))
export const owners = () => ownersFile.parse(yamlOf('owners.yaml'))
export const policies = () =>
  filesBelow(join(governance, 'policies')).map((file) =>
    policyFile.parse(yamlOf(`policies/${file}`)),
  )

/** One policy by its id. @throws Error where there is none */
export function policyNamed(id: string) {
  const found = policies().find((policy) => policy.id === id)
  if (!found) throw new Error(`the examples hold no policy ${id}`)
  return found
}
