import { posix } from 'node:path'
import type { Finding } from '../../../src/schema/check.js'
import { findingOf } from '../../finding.js'
import { inert, Malformed, type FileVerdict } from '../verdict.js'
import { isJsonObject, type JsonValue } from './strict-json.js'
import { parseStrictYaml } from './strict-yaml.js'

type Fields = { readonly [key: string]: JsonValue }

const knownFields: ReadonlySet<string> = new Set(
  `
  artifact_path flavors mlflow_version model_id model_size_bytes model_uuid run_id
  signature utc_time_created metadata saved_input_example_info prompts
  is_signature_from_type_hint type_hint_from_example env_vars
`
    .trim()
    .split(/\s+/),
)
const flavourFields: { readonly [flavour: string]: readonly string[] } = {
  onnx: ['code', 'data', 'onnx_version', 'onnx_session_options', 'providers'],
  python_function: [
    'code',
    'data',
    'env',
    'loader_module',
    'model_code_path',
    'python_version',
    'streamable',
  ],
}
const sessionOptions: ReadonlySet<string> = new Set(
  'execution_mode graph_optimization_level inter_op_num_threads intra_op_num_threads'.split(' '),
)

interface Reader {
  readonly path: string
  readonly paths: ReadonlySet<string>
  readonly findings: Finding[]
}

function refuse(reader: Reader, rule: string, what: string): void {
  reader.findings.push(
    findingOf({
      rule: `scan/${rule}`,
      about: reader.path,
      severity: 'high',
      what,
      why: 'MLflow imports or opens what this file names when the model is loaded, before any prediction.',
      remedy:
        'Log the model with mlflow.onnx.log_model, without code paths, and promote that version.',
    }),
  )
}

/** Both flavours name the model file, or the folder of it; it must be one that was scanned. */
function checkData(reader: Reader, fields: Fields): void {
  const { data } = fields
  if (data === undefined || data === null) return
  const isPlain =
    typeof data === 'string' && data.split('/').every((part) => !['', '.', '..'].includes(part))
  const target = isPlain ? posix.join(posix.dirname(reader.path), data) : ''
  const isHere = [...reader.paths].some((path) => path === target || path.startsWith(`${target}/`))
  if (target !== '' && isHere) return
  refuse(reader, 'mlmodel-path', 'MLmodel names a data file that is no file of this model.')
}

function checkOnnxFlavour(reader: Reader, fields: Fields): void {
  const { onnx_session_options: options } = fields
  if (options === undefined || options === null) return
  if (isJsonObject(options) && Object.keys(options).every((key) => sessionOptions.has(key))) return
  refuse(reader, 'mlmodel-session', 'MLmodel sets session options that can load further code.')
}

function checkPythonFlavour(reader: Reader, fields: Fields): void {
  if (fields['loader_module'] === 'mlflow.onnx') return
  const named = typeof fields['loader_module'] === 'string' ? fields['loader_module'] : 'nothing'
  refuse(
    reader,
    'mlmodel-loader',
    `MLmodel asks for the loader module "${named}"; only mlflow.onnx is known here.`,
  )
}

function checkFlavour(reader: Reader, name: string, fields: JsonValue): void {
  const known = Object.hasOwn(flavourFields, name) ? flavourFields[name] : undefined
  if (!known || !isJsonObject(fields)) {
    refuse(
      reader,
      'mlmodel-flavor',
      `MLmodel names the flavour "${name}"; only onnx is understood.`,
    )
    return
  }
  const foreign = Object.keys(fields).filter((key) => !known.includes(key))
  if (foreign.length > 0) {
    refuse(
      reader,
      'mlmodel-field',
      `MLmodel's flavour "${name}" holds the unknown field "${foreign[0]}".`,
    )
  }
  const code = [fields['code'], fields['model_code_path']].filter(
    (path) => path !== undefined && path !== null,
  )
  if (code.length > 0) {
    refuse(reader, 'mlmodel-code', `MLmodel's flavour "${name}" brings Python code of its own.`)
  }
  checkData(reader, fields)
  if (name === 'onnx') checkOnnxFlavour(reader, fields)
  else checkPythonFlavour(reader, fields)
}

/**
 * Reads MLflow's `MLmodel`: it may name only the ONNX flavour and its `python_function` wrapper.
 *
 * @param paths all files of the model
 * @throws Malformed
 */
export function inspectMlmodel(
  path: string,
  text: string,
  paths: ReadonlySet<string>,
): FileVerdict {
  const document = parseStrictYaml(text)
  if (!isJsonObject(document) || !isJsonObject(document['flavors'])) {
    throw new Malformed('MLmodel has no map of flavors', 0)
  }
  const reader: Reader = { path, paths, findings: [] }
  const foreign = Object.keys(document).filter((key) => !knownFields.has(key))
  if (foreign.length > 0) {
    refuse(reader, 'mlmodel-field', `MLmodel holds the unknown field "${foreign[0]}".`)
  }
  const flavours = Object.entries(document['flavors'])
  if (!flavours.some(([name]) => name === 'onnx')) {
    refuse(reader, 'mlmodel-flavor', 'MLmodel does not name the onnx flavour.')
  }
  for (const [name, fields] of flavours) checkFlavour(reader, name, fields)
  if (reader.findings.length === 0) return inert('mlmodel')
  return { format: 'mlmodel', verdict: 'contains-code', findings: reader.findings }
}
