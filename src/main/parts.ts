import { join } from 'node:path'
import type { SharedDeps } from '../../activities/deps.js'
import { readerWithMemory } from '../../activities/governance-in-force.js'
import { registryOf } from '../../activities/registry/open.js'
import { createFileEvidenceStore } from '../../evidence/store.js'
import { createGovernanceReader } from '../../governance/reader.js'
import { createRecorderClient } from '../../recorder/client.js'
import type { Role } from '../../recorder/roles.js'
import { readSecret } from '../../recorder/secret-file.js'
import { tokenPath } from '../../recorder/tokens.js'
import type { Config } from '../config.js'
import { PromotionError } from '../domain/errors.js'
import { loadInstallation } from './installation.js'

/** The recorder as one role reaches it. */
export async function recorderFor(config: Config, role: Role) {
  const path = tokenPath(config.home, role)
  const token = await readSecret(path)
  if (token === undefined) {
    throw new PromotionError(
      'LOG_UNAVAILABLE',
      `${path} is not there yet: start the recorder first`,
    )
  }
  return createRecorderClient({ url: config.recorderUrl, token })
}

/** What worker and release worker share; each with its own rights at the recorder. */
export function sharedParts(config: Config, log: SharedDeps['log']): SharedDeps {
  const { id, development, publicKeys } = loadInstallation(config.home, config.development)
  return {
    log,
    evidence: createFileEvidenceStore(join(config.home, 'evidence')),
    registry: registryOf(config.registry),
    governance: readerWithMemory(log, (seen) => createGovernanceReader(config.governance, seen)),
    installation: {
      id,
      development,
      apiKey: publicKeys.api.key,
      attestationKey: publicKeys.attestation.key,
    },
  }
}
