import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { type OnnxSurvey, surveyOnnx } from '../onnx.js'
import { MalformedMessage } from '../protobuf.js'
import type { ScoringRequest } from '../protocol.js'
import { bindInputs, type Binding } from './binding.js'
import { Refusal } from './refusal.js'
import type { Batch } from './table.js'

export interface Model {
  readonly binding: Binding
  readonly survey: OnnxSurvey
  /** The output's values and shape for these rows. */
  run(batch: Batch): Promise<Tensor>
}

function survey(bytes: Uint8Array): OnnxSurvey {
  try {
    return surveyOnnx(bytes)
  } catch (cause) {
    if (!(cause instanceof MalformedMessage)) throw cause
    throw new Refusal('model-malformed', `The model cannot be read: ${cause.message}`, { cause })
  }
}

function assertSelfContained({ external, zipMap }: OnnxSurvey) {
  const [first] = external
  if (first !== undefined) {
    const what = `${external.length} tensors lie in other files, '${first}' among them`
    throw new Refusal('model-external-data', what)
  }
  if (zipMap) throw new Refusal('model-zipmap', 'The model ends in a ZipMap')
}

/** The runtime says no more than a message; this one means that an allocation failed. */
export function refusalOf(code: 'model-load' | 'model-run', cause: unknown): Refusal {
  const message = cause instanceof Error ? cause.message : String(cause)
  if (/bad_alloc|failed to allocate|out of memory|array buffer allocation/i.test(message)) {
    return new Refusal('out-of-memory', 'The model asked for more memory than it was given', {
      cause,
    })
  }
  const did = code === 'model-load' ? 'did not load the model' : 'could not run the model'
  return new Refusal(code, `ONNX Runtime ${did}: ${message}`, { cause })
}

async function load(bytes: Uint8Array): Promise<InferenceSession> {
  try {
    // One thread: the order of additions, and with it the last digit, is then always the same.
    return await InferenceSession.create(bytes, {
      executionProviders: ['cpu'],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'basic',
      enableCpuMemArena: false,
      logSeverityLevel: 4,
    })
  } catch (cause) {
    throw refusalOf('model-load', cause)
  }
}

function assertOutput(session: InferenceSession, name: string) {
  const output = session.outputMetadata.find((one) => one.name === name)
  if (!output) {
    const known = session.outputNames.map((one) => `'${one}'`).join(', ')
    throw new Refusal('output-missing', `The model has no output '${name}', only ${known}`)
  }
  const type = output.isTensor ? output.type : 'no tensor'
  if (type !== 'float32' && type !== 'float64') {
    throw new Refusal('output-type', `Output '${name}' holds ${type}, not float or double`)
  }
}

/**
 * Loads the model from its bytes alone: given a path, the runtime would look for other files beside it.
 *
 * @throws Refusal
 */
export async function loadModel(request: ScoringRequest): Promise<Model> {
  const bytes = await readFile(request.model.path)
  if (createHash('sha256').update(bytes).digest('hex') !== request.model.sha256) {
    throw new Refusal('model-changed', 'The model does not have the digest of its snapshot')
  }
  const surveyed = survey(bytes)
  assertSelfContained(surveyed)
  const session = await load(bytes)
  const binding = bindInputs(session.inputMetadata, request.features)
  assertOutput(session, request.output)

  async function run(batch: Batch): Promise<Tensor> {
    const feeds = binding.feedsOf(batch)
    try {
      const answer = (await session.run(feeds, [request.output]))[request.output]
      if (answer instanceof Tensor) return answer
    } catch (cause) {
      throw refusalOf('model-run', cause)
    }
    throw new Refusal('output-type', `Output '${request.output}' is no tensor`)
  }
  return { binding, survey: surveyed, run }
}
