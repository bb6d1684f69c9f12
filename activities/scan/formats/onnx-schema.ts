/** How a value is written. The plural ones may repeat; of numbers they may also come packed. */
export type FieldKind =
  | 'int'
  | 'ints'
  | 'float'
  | 'floats'
  | 'double'
  | 'doubles'
  | 'string'
  | 'strings'
  | 'bytes'
  | 'blobs'

export interface FieldRule {
  readonly name: string
  readonly kind: FieldKind | 'message'
  readonly message?: MessageName
  /** Protobuf merges a second one into the first, and two readers of one file must not see two models. */
  readonly once: boolean
}

export type MessageName = keyof typeof layouts

const entry = 'key:1 string, value:2 string'
const tensorType = 'elem:1 int, shape:2 Shape'
const wrapped = 'elem:1 Type'

/** onnx-ml.proto of ONNX 1.22, by field number. `*` marks what may repeat. Anything else in a file is refused. */
const layouts = {
  Model:
    'ir_version:1 int, producer:2 string, producer_version:3 string, domain:4 string, version:5 int, doc:6 string, graph:7 Graph, opset:8 Opset*, metadata:14 Entry*, training:20 Training*, function:25 Function*, configuration:26 Device*',
  Opset: 'domain:1 string, version:2 int',
  Entry: entry,
  Graph:
    'node:1 Node*, name:2 string, initializer:5 Tensor*, doc:10 string, input:11 Value*, output:12 Value*, value:13 Value*, quantization:14 Annotation*, sparse:15 Sparse*, metadata:16 Entry*',
  Node: 'input:1 strings, output:2 strings, name:3 string, op_type:4 string, attribute:5 Attribute*, doc:6 string, domain:7 string, overload:8 string, metadata:9 Entry*, device:10 Placement*',
  Attribute:
    'name:1 string, f:2 float, i:3 int, s:4 bytes, t:5 Tensor, g:6 Graph, floats:7 floats, ints:8 ints, strings:9 blobs, tensors:10 Tensor*, graphs:11 Graph*, doc:13 string, tp:14 Type, types:15 Type*, type:20 int, ref:21 string, sparse:22 Sparse, sparses:23 Sparse*',
  Value: 'name:1 string, type:2 Type, doc:3 string, metadata:4 Entry*',
  Tensor:
    'dims:1 ints, data_type:2 int, segment:3 Segment, floats:4 floats, ints:5 ints, strings:6 blobs, longs:7 ints, name:8 string, raw:9 bytes, doubles:10 doubles, unsigned:11 ints, doc:12 string, external:13 Entry*, location:14 int, metadata:16 Entry*',
  Segment: 'begin:1 int, end:2 int',
  Sparse: 'values:1 Tensor, indices:2 Tensor, dims:3 ints',
  Shape: 'dim:1 Dimension*',
  Dimension: 'value:1 int, param:2 string, denotation:3 string',
  Type: 'tensor:1 TensorType, sequence:4 Sequence, map:5 MapType, denotation:6 string, opaque:7 Opaque, sparse:8 TensorType, optional:9 Sequence',
  TensorType: tensorType,
  Sequence: wrapped,
  MapType: 'key:1 int, value:2 Type',
  Opaque: 'domain:1 string, name:2 string',
  Annotation: 'tensor:1 string, parameters:2 Entry*',
  Training: 'initialization:1 Graph, algorithm:2 Graph, bindings:3 Entry*, updates:4 Entry*',
  Function:
    'name:1 string, input:4 strings, output:5 strings, attribute:6 strings, node:7 Node*, doc:8 string, opset:9 Opset*, domain:10 string, defaults:11 Attribute*, value:12 Value*, overload:13 string, metadata:14 Entry*',
  Device: 'name:1 string, count:2 int, device:3 strings',
  Placement: 'configuration:1 string, sharding:2 Sharding*, stage:3 int',
  Sharding: 'tensor:1 string, device:2 ints, groups:3 Group*, dims:4 ShardedDim*',
  Group: 'key:1 int, value:2 ints',
  ShardedDim: 'axis:1 int, simple:2 SimpleDim*',
  SimpleDim: 'value:1 int, param:2 string, shards:3 int',
} as const

const many: ReadonlySet<string> = new Set(['ints', 'floats', 'doubles', 'strings', 'blobs'])

function isMessageName(name: string): name is MessageName {
  return Object.hasOwn(layouts, name)
}

function isKind(name: string): name is FieldKind {
  return many.has(name) || ['int', 'float', 'double', 'string', 'bytes'].includes(name)
}

function ruleOf(text: string): readonly [number, FieldRule] {
  const found = /^(\w+):(\d+) (\w+)(\*?)$/.exec(text)
  const [, name = '', number = '', type = '', star = ''] = found ?? []
  if (isMessageName(type)) {
    return [Number(number), { name, kind: 'message', message: type, once: star === '' }]
  }
  if (isKind(type)) return [Number(number), { name, kind: type, once: !many.has(type) }]
  throw new TypeError(`no ONNX field reads "${text}"`)
}

/** Per message, per field number, how the field is written. */
export const onnxSchema: ReadonlyMap<MessageName, ReadonlyMap<number, FieldRule>> = new Map(
  Object.entries(layouts).flatMap(([name, layout]) =>
    isMessageName(name)
      ? [[name, new Map(layout.split(', ').map((text) => ruleOf(text)))] as const]
      : [],
  ),
)
