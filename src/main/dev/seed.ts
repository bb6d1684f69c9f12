import { cpSync, existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { checkoutRoot } from '../../config/checkout.js'

/**
 * Fills the folder registry with the examples at the first start. It appears whole, so a kill
 * leaves no half of it; what stands there already is never touched.
 *
 * @returns whether it was filled now
 */
export function seedRegistry(
  registry: string,
  home: string,
  examples = join(checkoutRoot(), 'examples', 'registry'),
): boolean {
  if (registry !== join(home, 'registry') || existsSync(registry) || !existsSync(examples)) {
    return false
  }
  const half = `${registry}.${process.pid}`
  rmSync(half, { recursive: true, force: true })
  cpSync(examples, half, { recursive: true })
  renameSync(half, registry)
  return true
}
