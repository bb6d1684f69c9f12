import { isPromotionError, PromotionError } from '../../src/domain/errors.js'
import type { Timestamp } from '../../src/schema/ids.js'
import { fieldsOf, listOf, textOf, timestampOfMs, type Fields } from './json.js'
import { artifactRootOf, listArtifacts, openArtifact } from './mlflow-artifacts.js'
import { createMlflowClient, type MlflowClient, type MlflowOptions } from './mlflow-client.js'
import { askAlias } from './mlflow-aliases.js'
import { namesOfModels, versionsOfModel } from './mlflow-lists.js'
import { assertVersionName, compareVersions, quoted } from './names.js'
import type { ModelRegistry, RegistryVersion } from './registry.js'

export { createMlflowAliasWriter } from './mlflow-aliases.js'

const runIdPattern = /^[A-Za-z0-9_-]{1,64}$/

function notFound(model: string, version: string, why: string): PromotionError {
  return new PromotionError(
    'MODEL_NOT_FOUND',
    `version ${quoted(version)} of ${quoted(model)} ${why}`,
  )
}

function tagsOf(value: unknown): Record<string, string> {
  const tags = (listOf(value) ?? []).flatMap((item) => {
    const fields = fieldsOf(item)
    const key = textOf(fields?.get('key'))
    return key === null ? [] : [[key, textOf(fields?.get('value')) ?? ''] as const]
  })
  return Object.fromEntries(tags)
}

function versionFrom(fields: Fields, startedAt: Timestamp | null): RegistryVersion | null {
  const model = textOf(fields.get('name'))
  const version = textOf(fields.get('version'))
  const runId = textOf(fields.get('run_id')) ?? ''
  if (model === null || version === null) return null
  return {
    model,
    version,
    createdAt: timestampOfMs(fields.get('creation_timestamp')),
    tags: tagsOf(fields.get('tags')),
    run: runIdPattern.test(runId) ? { id: runId, startedAt } : null,
  }
}

async function askVersion(client: MlflowClient, model: string, version: string): Promise<Fields> {
  assertVersionName(model, version)
  if (!/^\d{1,18}$/.test(version)) throw notFound(model, version, 'is none: MLflow counts versions')
  const answer = await client.ask({
    what: `show version ${quoted(version)} of ${quoted(model)}`,
    path: '/api/2.0/mlflow/model-versions/get',
    query: { name: model, version },
  })
  const fields = fieldsOf(answer.get('model_version'))
  if (
    textOf(fields?.get('name')) !== model ||
    textOf(fields?.get('version')) !== version ||
    !fields
  )
    throw notFound(model, version, 'was asked for, and MLflow answered with another')
  const status = textOf(fields.get('status')) ?? 'READY'
  if (status !== 'READY') throw notFound(model, version, `is not ready: ${quoted(status)}`)
  return fields
}

/** When the training run began; null where the run is gone, which is no reason to hide the version. */
async function runStart(client: MlflowClient, runId: string): Promise<Timestamp | null> {
  try {
    const answer = await client.ask({
      what: `show the run ${quoted(runId)}`,
      path: '/api/2.0/mlflow/runs/get',
      query: { run_id: runId },
    })
    const info = fieldsOf(fieldsOf(answer.get('run'))?.get('info'))
    return timestampOfMs(info?.get('start_time'))
  } catch (error) {
    if (isPromotionError(error) && error.code === 'MODEL_NOT_FOUND') return null
    throw error
  }
}

async function artifactRoot(client: MlflowClient, model: string, version: string): Promise<string> {
  await askVersion(client, model, version)
  const answer = await client.ask({
    what: `say where version ${quoted(version)} of ${quoted(model)} lies`,
    path: '/api/2.0/mlflow/model-versions/get-download-uri',
    query: { name: model, version },
  })
  return artifactRootOf(textOf(answer.get('artifact_uri')) ?? '')
}

/** MLflow 3 over REST 2.0. Whoever reaches the server may write aliases, so it guards nothing. */
export function createMlflowRegistry(options: MlflowOptions): ModelRegistry {
  const client = createMlflowClient(options)
  return {
    kind: 'mlflow',
    guardsAlias: false,
    async version(model, version) {
      const fields = await askVersion(client, model, version)
      const found = versionFrom(fields, null)
      if (!found) throw notFound(model, version, 'is described without a name')
      if (found.run === null) return found
      return { ...found, run: { ...found.run, startedAt: await runStart(client, found.run.id) } }
    },
    // When each run began is asked for one version at a time: a list of hundreds must stay one question a page.
    async versions(model) {
      const found = await versionsOfModel(client, model)
      return found
        .flatMap((fields) => versionFrom(fields, null) ?? [])
        .filter((version) => version.model === model)
        .toSorted((a, b) => compareVersions(a.version, b.version))
    },
    models: () => namesOfModels(client),
    files: async (model, version, signal) =>
      listArtifacts(client, await artifactRoot(client, model, version), signal),
    open: async (model, version, path, signal) =>
      openArtifact(client, await artifactRoot(client, model, version), path, signal),
    alias: (model, alias) => askAlias(client, model, alias),
  }
}
