import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { checkoutRoot } from '../../config/checkout.js'

export type Env = Readonly<Record<string, string | undefined>>

/** Says one line to whoever waits. */
export type Say = (line: string) => void

/** The module that says which Temporal command line is built; its go.sum names every byte that goes into it. */
export function temporalModuleFolder(): string {
  return join(checkoutRoot(), 'tools', 'temporal')
}

/** Where the command line that we build lies: outside the checkout, so that every clone shares it; keyed by go.sum. */
export function temporalCachePath(env: Env = process.env): string {
  const cache = env['COUNTERSIGN_CACHE'] ?? join(homedir(), '.cache', 'countersign')
  const sums = readFileSync(join(temporalModuleFolder(), 'go.sum'))
  const key = createHash('sha256').update(sums).digest('hex')
  return join(cache, `temporal-${key}`, 'temporal')
}
