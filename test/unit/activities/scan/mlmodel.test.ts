import { expect, test } from 'vitest'
import { onnxOf } from './builders.js'
import { scanAll } from './scan-of.js'

const sound = `artifact_path: model
flavors:
  onnx:
    code: null
    data: model.onnx
    onnx_session_options: null
    onnx_version: 1.22.0
    providers: [CPUExecutionProvider]
  python_function:
    data: model.onnx
    env: {conda: conda.yaml, virtualenv: python_env.yaml}
    loader_module: mlflow.onnx
    python_version: 3.11.7
mlflow_version: 3.17.2
model_uuid: 4f
`

async function scanned(mlmodel: string, path = 'MLmodel') {
  const { answer, files } = await scanAll({
    [path]: mlmodel,
    [path.replace('MLmodel', 'model.onnx')]: onnxOf(),
  })
  const own = files.find((file) => file.path === path)
  return {
    verdict: `${own?.format}/${own?.class}`,
    ids: answer.findings.map(({ id }) => id),
    answer,
  }
}

test.each([
  ['another loader', sound.replace('mlflow.onnx', 'mlflow.sklearn'), 'scan/mlmodel-loader:MLmodel'],
  ['a loader of its own', sound.replace('mlflow.onnx', 'os'), 'scan/mlmodel-loader:MLmodel'],
  [
    'no loader',
    sound.replace('    loader_module: mlflow.onnx\n', ''),
    'scan/mlmodel-loader:MLmodel',
  ],
  ['code paths', sound.replace('code: null', 'code: code'), 'scan/mlmodel-code:MLmodel'],
  [
    'a model as code',
    sound.replace('    data: model.onnx\n    env', '    model_code_path: x.py\n    env'),
    'scan/mlmodel-code:MLmodel',
  ],
  [
    'another flavour',
    sound.replace('  onnx:', '  sklearn:\n    pickled_model: m.pkl\n  onnx:'),
    'scan/mlmodel-flavor:MLmodel',
  ],
  [
    'a flavour named like a built-in',
    sound.replace('  onnx:', '  toString: {}\n  onnx:'),
    'scan/mlmodel-flavor:MLmodel',
  ],
  ['no ONNX', sound.replace('  onnx:', '  python_function_2:'), 'scan/mlmodel-flavor:MLmodel'],
  [
    'data outside the model',
    sound.replaceAll('data: model.onnx', 'data: ../model.onnx'),
    'scan/mlmodel-path:MLmodel',
  ],
  [
    'data that are not there',
    sound.replaceAll('data: model.onnx', 'data: other.onnx'),
    'scan/mlmodel-path:MLmodel',
  ],
  [
    'an unknown field of a flavour',
    sound.replace('code: null', 'custom_ops: x.so'),
    'scan/mlmodel-field:MLmodel',
  ],
  ['an unknown field', `${sound}loader: x\n`, 'scan/mlmodel-field:MLmodel'],
  [
    'session options that load a library',
    sound.replace('options: null', 'options: {register_custom_ops: x.so}'),
    'scan/mlmodel-session:MLmodel',
  ],
])('MLmodel with %s contains code', async (_, mlmodel, id) => {
  const { verdict, ids, answer } = await scanned(mlmodel)
  expect(verdict).toBe('mlmodel/contains-code')
  expect(ids).toContain(id)
  expect(answer.outcome).toBe('failed')
})

test.each([
  ['is no YAML', 'flavors: ['],
  ['has a key twice', `${sound}flavors: {}\n`],
  ['asks for an object', `${sound}metadata: !!python/object:x {}\n`],
  ['has no flavours', 'artifact_path: model\n'],
  ['is JSON of another kind', '[1]'],
  ['hides its loader in JSON', '{"flavors":{"python_function":{"loader_module":"os"}}}'],
])('an MLmodel that %s does not pass', async (_, mlmodel) => {
  expect((await scanned(mlmodel)).answer.outcome).toBe('failed')
})

test('an MLmodel of the ONNX flavour is inert, also in a folder', async () => {
  expect(await scanned(sound)).toMatchObject({
    verdict: 'mlmodel/inert',
    answer: { outcome: 'passed' },
  })
  expect(await scanned(sound, 'models/a/MLmodel')).toMatchObject({ answer: { outcome: 'passed' } })
})
