import type { Champion } from '../src/schema/rules.js'
import type { SharedDeps } from './deps.js'
import { readAlias } from './streams.js'

/**
 * The version that the registry's alias points to now, with its model digest where a promotion put that version there.
 *
 * @throws PromotionError `REGISTRY_UNAVAILABLE`, `LOG_UNAVAILABLE`
 */
export async function championOf(
  { registry, log }: SharedDeps,
  environment: string,
  model: string,
): Promise<Champion> {
  const version = await registry.alias(model, environment)
  if (version === null) return null
  const events = await readAlias(log, environment, model)
  const moved = events.findLast(
    (event) => event.type === 'alias-moved' && event.body.to === version,
  )
  return { version, modelDigest: moved?.type === 'alias-moved' ? moved.body.modelDigest : null }
}
