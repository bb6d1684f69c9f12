import { isPromotionError } from '../../src/domain/errors.js'
import { fieldsOf, listOf, textOf } from './json.js'
import { createMlflowClient, type MlflowClient, type MlflowOptions } from './mlflow-client.js'
import { assertAliasName, assertModelName, assertVersionName, quoted } from './names.js'
import type { AliasWriter } from './registry.js'

const aliasPath = '/api/2.0/mlflow/registered-models/alias'

/**
 * Where an alias points; null where there is no such alias or no such model. Asked through the model, because the
 * alias's own address answers a missing alias like a malformed question.
 */
export async function askAlias(
  client: MlflowClient,
  model: string,
  alias: string,
): Promise<string | null> {
  assertModelName(model)
  try {
    const answer = await client.ask({
      what: `show the aliases of ${quoted(model)}`,
      path: '/api/2.0/mlflow/registered-models/get',
      query: { name: model },
    })
    const aliases = listOf(fieldsOf(answer.get('registered_model'))?.get('aliases')) ?? []
    const found = aliases.map(fieldsOf).find((fields) => fields?.get('alias') === alias)
    return textOf(found?.get('version'))
  } catch (error) {
    if (isPromotionError(error) && error.code === 'MODEL_NOT_FOUND') return null
    throw error
  }
}

/**
 * Moves aliases in MLflow, which has no compare-and-set: reads, compares, writes and reads back. Between the first two
 * somebody else's write can be lost; the intent that is recorded before, and the observation after, make it visible.
 */
export function createMlflowAliasWriter(options: MlflowOptions): AliasWriter {
  const client = createMlflowClient(options)
  return {
    async moveAlias(model, alias, from, to) {
      assertModelName(model)
      assertAliasName(alias)
      if (to !== null) assertVersionName(model, to)
      const found = await askAlias(client, model, alias)
      if (found !== from) return { moved: false, found }
      const what = `move the alias ${quoted(alias)} of ${quoted(model)}`
      if (to !== null)
        await client.ask({
          what,
          path: aliasPath,
          method: 'POST',
          body: { name: model, alias, version: to },
        })
      else if (from !== null)
        await client.ask({ what, path: aliasPath, method: 'DELETE', body: { name: model, alias } })
      const now = await askAlias(client, model, alias)
      return now === to ? { moved: true, found } : { moved: false, found: now }
    },
  }
}
