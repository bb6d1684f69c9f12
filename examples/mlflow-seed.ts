import { readdir, readFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { z } from 'zod'

export interface SeedOptions {
  /** Address of the tracking server. */
  readonly baseUrl: string
  readonly model: string
  readonly tags?: Readonly<Record<string, string>>
  /** When the training run began, in ms since the Unix epoch. */
  readonly startedAtMs?: number
}

export interface SeededVersion {
  readonly version: string
  readonly runId: string
  /** Where its files lie in the server's artifact store. */
  readonly artifactPath: string
}

/** What MLflow answers, as far as it matters here. */
const answer = z.looseObject({
  run: z
    .looseObject({ info: z.looseObject({ run_id: z.string(), artifact_uri: z.string() }) })
    .optional(),
  model_version: z.looseObject({ version: z.string() }).optional(),
})

type Answer = z.infer<typeof answer>

async function call(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, init)
  const text = await response.text()
  if (!response.ok) throw new Error(`MLflow answered ${response.status} to ${url}: ${text}`)
  return text === '' ? {} : answer.parse(JSON.parse(text))
}

async function post(baseUrl: string, path: string, body: unknown): Promise<Answer> {
  return call(`${baseUrl}/api/2.0/mlflow/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

function tagList(tags: Readonly<Record<string, string>> = {}) {
  return Object.entries(tags).map(([key, value]) => ({ key, value }))
}

/** Writes one file into the server's artifact store through its proxy. */
export async function putArtifact(baseUrl: string, path: string, bytes: Uint8Array): Promise<void> {
  const encoded = path.split('/').map(encodeURIComponent).join('/')
  await call(`${baseUrl}/api/2.0/mlflow-artifacts/artifacts/${encoded}`, {
    method: 'PUT',
    body: new Uint8Array(bytes),
  })
}

/** Creates the registered model, where there is none of that name yet. */
export async function ensureModel(baseUrl: string, model: string): Promise<void> {
  const query = new URLSearchParams({ name: model }).toString()
  const found = await fetch(`${baseUrl}/api/2.0/mlflow/registered-models/get?${query}`)
  await found.body?.cancel()
  if (!found.ok) await post(baseUrl, 'registered-models/create', { name: model })
}

/**
 * Registers files as a new version of a model, as a training job would: a run, its artifacts, a version whose source lies
 * in that run. (MLflow takes no `mlflow-artifacts:` source that does not lie in the run that the version names.)
 */
export async function seedVersion(
  options: SeedOptions,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<SeededVersion> {
  const { baseUrl, model, tags, startedAtMs = Date.now() } = options
  await ensureModel(baseUrl, model)
  const created = await post(baseUrl, 'runs/create', {
    experiment_id: '0',
    start_time: startedAtMs,
  })
  const runId = created.run?.info.run_id ?? ''
  const source = `${created.run?.info.artifact_uri ?? ''}/model`
  const artifactPath = source.replace(/^mlflow-artifacts:\//, '')
  for (const [path, bytes] of files) await putArtifact(baseUrl, `${artifactPath}/${path}`, bytes)
  const registered = await post(baseUrl, 'model-versions/create', {
    name: model,
    source,
    run_id: runId,
    tags: tagList(tags),
  })
  return { version: registered.model_version?.version ?? '', runId, artifactPath }
}

/** Registers every file of a local folder as a new version. */
export async function seedFolder(options: SeedOptions, folder: string): Promise<SeededVersion> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = new Map<string, Uint8Array>()
  for (const entry of entries.filter((found) => found.isFile())) {
    const path = join(entry.parentPath, entry.name)
    files.set(path.slice(folder.length + 1).replaceAll(sep, '/'), await readFile(path))
  }
  return seedVersion(options, files)
}
