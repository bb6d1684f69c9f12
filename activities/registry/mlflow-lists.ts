import { PromotionError } from '../../src/domain/errors.js'
import { modelName } from '../../src/schema/ids.js'
import { fieldsOf, listOf, textOf, type Fields } from './json.js'
import type { MlflowClient } from './mlflow-client.js'
import { assertModelName, quoted } from './names.js'

const pageSize = 100
/** Pages of one list: 100,000 entries. More is taken for a server that never ends. */
const maximumPages = 1000

interface List {
  readonly what: string
  readonly path: string
  readonly member: string
  readonly filter?: string
}

async function* pagesOf(client: MlflowClient, list: List): AsyncGenerator<Fields> {
  let token = ''
  for (let page = 0; page < maximumPages; page += 1) {
    const answer = await client.ask({
      what: list.what,
      path: list.path,
      query: {
        max_results: String(pageSize),
        ...(list.filter !== undefined && { filter: list.filter }),
        ...(token !== '' && { page_token: token }),
      },
    })
    for (const item of listOf(answer.get(list.member)) ?? []) {
      const fields = fieldsOf(item)
      if (fields) yield fields
    }
    const next = textOf(answer.get('next_page_token')) ?? ''
    if (next === '') return
    token = next
  }
  throw new PromotionError('REGISTRY_UNAVAILABLE', `MLflow could not ${list.what}: it never ends`)
}

/** The model's name as MLflow's filter language quotes it; the language has no way to escape a quote. */
function quotedForFilter(model: string): string {
  if (!model.includes("'")) return `'${model}'`
  if (!model.includes('"')) return `"${model}"`
  throw new PromotionError(
    'MODEL_NOT_FOUND',
    `MLflow cannot list versions of ${quoted(model)}: its name holds both kinds of quotation marks`,
    { remedy: 'register the model under another name' },
  )
}

async function assertModel(client: MlflowClient, model: string): Promise<void> {
  await client.ask({
    what: `show the model ${quoted(model)}`,
    path: '/api/2.0/mlflow/registered-models/get',
    query: { name: model },
  })
}

/** Every version that MLflow lists when asked for this model; the caller compares names. */
export async function versionsOfModel(client: MlflowClient, model: string): Promise<Fields[]> {
  assertModelName(model)
  const filter = `name=${quotedForFilter(model)}`
  await assertModel(client, model)
  const pages = pagesOf(client, {
    what: `list the versions of ${quoted(model)}`,
    path: '/api/2.0/mlflow/model-versions/search',
    member: 'model_versions',
    filter,
  })
  const found: Fields[] = []
  for await (const fields of pages) found.push(fields)
  return found
}

/** The models that can be governed here: names that our ids can carry. */
export async function namesOfModels(client: MlflowClient): Promise<readonly string[]> {
  const pages = pagesOf(client, {
    what: 'list the models',
    path: '/api/2.0/mlflow/registered-models/search',
    member: 'registered_models',
  })
  const names = new Set<string>()
  for await (const fields of pages) {
    const name = textOf(fields.get('name'))
    if (name !== null && modelName.safeParse(name).success) names.add(name)
  }
  return [...names].toSorted()
}
