/**
 * How an opcode's argument is written: nothing, so many bytes, one or two lines, or bytes behind a length of so many
 * bytes.
 */
export type Argument =
  | { readonly kind: 'fixed'; readonly bytes: number }
  | { readonly kind: 'lines'; readonly lines: 1 | 2 }
  | { readonly kind: 'counted'; readonly lengthBytes: 1 | 4 | 8 }

/** What an opcode does to the stack: how many it takes (`mark`: all down to the mark), how many it leaves. */
export interface Opcode {
  readonly name: string
  readonly argument: Argument
  readonly takes: number | 'mark'
  readonly leaves: number
}

const rows = `
80 PROTO 1 0 0|95 FRAME 8 0 0|2e STOP 0 1 0|28 MARK 0 0 1|30 POP 0 1 0|31 POP_MARK 0 mark 0|32 DUP 0 1 2
46 FLOAT line 0 1|49 INT line 0 1|4c LONG line 0 1|4b BININT1 1 0 1|4d BININT2 2 0 1|4a BININT 4 0 1
47 BINFLOAT 8 0 1|8a LONG1 count1 0 1|8b LONG4 count4 0 1|4e NONE 0 0 1|88 NEWTRUE 0 0 1|89 NEWFALSE 0 0 1
53 STRING line 0 1|54 BINSTRING count4 0 1|55 SHORT_BINSTRING count1 0 1|56 UNICODE line 0 1
58 BINUNICODE count4 0 1|8c SHORT_BINUNICODE count1 0 1|8d BINUNICODE8 count8 0 1|42 BINBYTES count4 0 1
43 SHORT_BINBYTES count1 0 1|8e BINBYTES8 count8 0 1|96 BYTEARRAY8 count8 0 1|97 NEXT_BUFFER 0 0 1
98 READONLY_BUFFER 0 1 1|5d EMPTY_LIST 0 0 1|29 EMPTY_TUPLE 0 0 1|7d EMPTY_DICT 0 0 1|8f EMPTY_SET 0 0 1
61 APPEND 0 2 1|65 APPENDS 0 mark 0|73 SETITEM 0 3 1|75 SETITEMS 0 mark 0|90 ADDITEMS 0 mark 0
74 TUPLE 0 mark 1|6c LIST 0 mark 1|64 DICT 0 mark 1|91 FROZENSET 0 mark 1|85 TUPLE1 0 1 1|86 TUPLE2 0 2 1
87 TUPLE3 0 3 1|63 GLOBAL lines 0 1|69 INST lines mark 1|6f OBJ 0 mark 1|93 STACK_GLOBAL 0 2 1|52 REDUCE 0 2 1
62 BUILD 0 2 1|81 NEWOBJ 0 2 1|92 NEWOBJ_EX 0 3 1|82 EXT1 1 0 1|83 EXT2 2 0 1|84 EXT4 4 0 1|70 PUT line 1 1
71 BINPUT 1 1 1|72 LONG_BINPUT 4 1 1|94 MEMOIZE 0 1 1|67 GET line 0 1|68 BINGET 1 0 1|6a LONG_BINGET 4 0 1
50 PERSID line 0 1|51 BINPERSID 0 1 1`

function argumentOf(text: string): Argument {
  if (text === 'line') return { kind: 'lines', lines: 1 }
  if (text === 'lines') return { kind: 'lines', lines: 2 }
  if (text === 'count1') return { kind: 'counted', lengthBytes: 1 }
  if (text === 'count4') return { kind: 'counted', lengthBytes: 4 }
  if (text === 'count8') return { kind: 'counted', lengthBytes: 8 }
  return { kind: 'fixed', bytes: Number(text) }
}

/** All opcodes of protocols 0 to 5, by their byte. */
export const pickleOpcodes: ReadonlyMap<number, Opcode> = new Map(
  rows
    .trim()
    .split(/[|\n]/)
    .map((row) => {
      const [code = '', name = '', argument = '', takes = '', leaves = ''] = row.split(' ')
      return [
        Number.parseInt(code, 16),
        {
          name,
          argument: argumentOf(argument),
          takes: takes === 'mark' ? 'mark' : Number(takes),
          leaves: Number(leaves),
        },
      ] as const
    }),
)

/** Opcodes that call what was imported, or hand it a state. */
export const callingOpcodes: ReadonlySet<string> = new Set(
  'INST OBJ REDUCE BUILD NEWOBJ NEWOBJ_EX EXT1 EXT2 EXT4'.split(' '),
)
