import { DuckDBInstance } from '@duckdb/node-api'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { CheckAnswer } from '../../activities/check.js'
import { checkEvaluation, evaluateModel } from '../../activities/evaluation/engine.js'
import { isolatedCommand } from '../../activities/evaluation/isolation.js'
import { canonicalResult } from '../../src/schema/check.js'
import {
  candidate,
  clauseOf,
  evaluated,
  limits,
  peopleCsv,
  peopleRows,
  quietRun,
  setOf,
} from '../unit/activities/evaluation/kit.js'
import * as models from '../unit/activities/evaluation/models.js'

/** What must hold of every answer that says why nothing could be evaluated. */
const told = ({ outcome, findings, summary }: CheckAnswer) => ({
  outcome,
  ids: findings.map((finding) => finding.id),
  isWaivable: findings.some((finding) => finding.waivable),
  isWellFormed: canonicalResult.shape.findings.safeParse(findings).success,
  opening: summary.slice(0, 15),
})

const refused = (code: string) => ({
  outcome: 'error',
  ids: [`evaluation/${code}`],
  isWaivable: false,
  isWellFormed: true,
  opening: 'Not evaluated: ',
})

const wide = { timeout: 60_000 }

describe('a model that cannot be trusted with the machine ends as a finding', wide, () => {
  test('one that loops for ever is killed at its deadline, and the parent was never held up', async () => {
    const started = performance.now()
    let longestStall = 0
    let last = started
    const ticking = setInterval(() => {
      longestStall = Math.max(longestStall, performance.now() - last - 10)
      last = performance.now()
    }, 10)
    const heard: string[] = []
    const run = { ...quietRun(), onProgress: (what: string) => heard.push(what) }
    const context = { set: setOf(peopleCsv()), limits: { ...limits, deadlineMs: 3500 } }
    const files = candidate({ 'model.onnx': models.endless() })
    const answer = await checkEvaluation(files, clauseOf(), context, run)
    clearInterval(ticking)
    expect(told(answer)).toEqual(refused('deadline'))
    expect(answer.findings[0]?.what).toContain('3500 ms')
    expect(performance.now() - started).toBeLessThan(3500 + 3000)
    expect(longestStall).toBeLessThan(500)
    expect(heard.length).toBeGreaterThanOrEqual(3)
  })

  test('an abort kills it and is thrown, not answered', async () => {
    const abort = new AbortController()
    const reason = new Error('cancelled by the requester')
    const run = {
      signal: abort.signal,
      // The first tick of the watch comes when the child has been running for a second.
      onProgress: (what: string) => what.includes('rows scored') && abort.abort(reason),
    }
    const context = { set: setOf(peopleCsv()), limits }
    const files = candidate({ 'model.onnx': models.endless() })
    await expect(checkEvaluation(files, clauseOf(), context, run)).rejects.toBe(reason)
  })

  test.skipIf(!existsSync('/usr/bin/setpriv'))(
    'it does not outlive a parent that was killed',
    async () => {
      const { command, args } = await isolatedCommand(limits)
      const endless = [
        ...args.slice(0, -1),
        '-e',
        'process.stdout.write(String(process.pid)); for (;;);',
      ]
      const script = `require('node:child_process').spawn(${JSON.stringify(command)}, ${JSON.stringify(endless)}, { env: {}, stdio: ['ignore', 'inherit', 'ignore'] })`
      const parent = spawn(process.execPath, ['-e', script], {
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      const [told] = (await once(parent.stdout, 'data')) as [Buffer]
      expect(Number(told.toString())).toBeGreaterThan(0)
      // The pipe closes when the last process that holds it is gone.
      const gone = once(parent.stdout, 'close')
      parent.stdout.resume()
      parent.kill('SIGKILL')
      await gone
      expect(parent.stdout.closed).toBe(true)
    },
  )

  test.each([
    ['800 GB', 200_000_000_000n],
    ['more than its limit', 1_500_000_000n],
  ])('one that asks for %s is out of memory', async (_, count) => {
    const answer = await evaluated(
      models.greedy(count),
      peopleCsv(),
      {},
      { limits: { ...limits, memoryMb: 512 } },
    )
    expect(told(answer)).toEqual(refused('out-of-memory'))
  })

  test('one for which there is no memory at all is out of memory', async () => {
    const answer = await evaluated(
      models.honest(),
      peopleCsv(),
      {},
      { limits: { ...limits, memoryMb: 1 } },
    )
    expect(told(answer)).toEqual(refused('out-of-memory'))
  })

  test.each(['/etc/hostname', '../../etc/hostname', 'package.json'])(
    'one that reads %s is refused before it is loaded',
    async (location) => {
      const answer = await evaluated(models.reading(location))
      expect(told(answer)).toEqual(refused('model-external-data'))
      expect(JSON.stringify(answer)).not.toContain(
        readFileSync('/etc/hostname', 'utf8').trim() || '\0',
      )
    },
  )

  test('one whose copy was changed after the snapshot is not loaded', async () => {
    const files = candidate({ 'model.onnx': models.honest() })
    const changed = models.honest()
    changed.set([changed.at(-1) === 0 ? 1 : 0], changed.length - 1)
    writeFileSync(files.localPath('model.onnx'), changed)
    const answer = await checkEvaluation(
      files,
      clauseOf(),
      { set: setOf(peopleCsv()), limits },
      quietRun(),
    )
    expect(told(answer)).toEqual(refused('model-changed'))
  })
})

describe('a model whose output is no probability never gets a figure', wide, () => {
  test.each([
    ['undefined scores', models.undefinedScores, 'score-not-finite'],
    ['raw margins', models.margins, 'score-out-of-range'],
    ['text', models.textScores, 'output-type'],
    ['one score for all rows', models.oneScoreForAll, 'output-shape'],
    ['another answer each time', models.unsteady, 'model-unsteady'],
    ['a fixed number of rows', models.fixedRows, 'model-inputs'],
    ['a ZipMap', models.zipMapped, 'model-zipmap'],
    ['an operator that nobody knows', models.unknownOperator, 'model-load'],
  ])('%s', async (_, model, code) => {
    expect(told(await evaluated(model()))).toEqual(refused(code))
  })

  test('a label instead of the score', async () => {
    const model = models.twoClasses(['no', 'yes'])
    expect(told(await evaluated(model, peopleCsv(), { output: 'label' }))).toEqual(
      refused('output-type'),
    )
  })

  test.each([[['a']], [['a', 'b', 'more']]])(
    'a matrix of two for the features %j',
    async (features) => {
      const set = peopleCsv().replace('colour', 'more')
      expect(told(await evaluated(models.honest(), set, { features }))).toEqual(
        refused('model-inputs'),
      )
    },
  )

  test('inputs whose names are not those of the features', async () => {
    const clause = { features: ['a', 'b', 'sex'] }
    expect(told(await evaluated(models.oneInputPerFeature(), peopleCsv(), clause))).toEqual(
      refused('model-inputs'),
    )
  })

  test('an output that it does not have', async () => {
    const answer = await evaluated(models.honest(), peopleCsv(), { output: 'probabilities' })
    expect(told(answer)).toEqual(refused('output-missing'))
    expect(answer.findings[0]?.what).toContain("only 'score'")
  })

  test('two classes, none of them the positive one', async () => {
    const clause = { output: 'probabilities' }
    expect(told(await evaluated(models.twoClasses(['0', '1']), peopleCsv(), clause))).toEqual(
      refused('class-order'),
    )
  })

  test('two classes without names, the favourable one first by its spelling', async () => {
    const rows = peopleRows().map((row) =>
      row.replace(',yes,', ',approve,').replace(',no,', ',deny,'),
    )
    const clause = { output: 'probabilities', positive: 'approve' }
    expect(told(await evaluated(models.twoClasses(), peopleCsv(rows), clause))).toEqual(
      refused('class-order'),
    )
  })
})

describe('a set that cannot be counted as it stands is refused', wide, () => {
  const change = (index: number, from: RegExp, to: string) => {
    const rows = peopleRows()
    rows[index] = (rows[index] ?? '').replace(from, to)
    return peopleCsv(rows)
  }
  const parquetHead = Uint8Array.from(Buffer.from('PAR1 but nothing of the kind, PAR1'))
  const binary = Uint8Array.from([0x61, 0x2c, 0xff, 0xfe, 0x00, 0x0a])
  test.each([
    ['a missing feature', change(3, /^[^,]+/, ''), 'value-missing'],
    ['a question mark for a feature', change(3, /^[^,]+/, '?'), 'value-missing'],
    ['text in a numeric feature', change(3, /^[^,]+/, 'many'), 'value-not-a-number'],
    ['NaN in a feature', change(3, /^[^,]+/, 'NaN'), 'value-not-a-number'],
    ['an infinite feature', change(3, /^[^,]+/, 'inf'), 'value-not-a-number'],
    ['a feature beyond floats', change(3, /^[^,]+/, '1e300'), 'model-inputs'],
    ['a missing label', change(3, /yes/, ''), 'label-missing'],
    ['a third label', change(3, /yes/, 'Yes'), 'label-values'],
    ['labels that are not the policy’s', peopleCsv().replaceAll(',yes,', ',1,'), 'label-values'],
    ['no rows', peopleCsv([]), 'set-empty'],
    ['no bytes', '', 'column-missing'],
    ['no such column', peopleCsv(undefined, 'a,B,ill,sex,colour'), 'column-missing'],
    ['a column twice', peopleCsv(undefined, 'a,b,ill,sex,a'), 'column-repeated'],
    ['a row cut short', change(39, /,[^,]+$/, ''), 'set-unreadable'],
    ['a row with more columns', change(20, /$/, ',more'), 'set-unreadable'],
    ['a header without an end', '"a,b,ill', 'set-unreadable'],
    ['Parquet in name only', parquetHead, 'set-unreadable'],
    ['no text', binary, 'set-unreadable'],
  ])('%s', async (_, set, code) => {
    expect(told(await evaluated(models.honest(), set))).toEqual(refused(code))
  })

  test('a Parquet file with two columns of a name', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'parquet-')), 'set')
    const connection = await (await DuckDBInstance.create()).connect()
    const columns = `2.0 AS first_a, 1.0 AS other_a, 0.0 AS b, 'yes' AS ill`
    await connection.run(`COPY (SELECT ${columns}) TO '${path}' (FORMAT parquet)`)
    connection.closeSync()
    // No writer makes such a file, so the second name is overwritten in it, letter by letter.
    const bytes = readFileSync(path).toString('latin1').replaceAll('other_a', 'first_a')
    const set = Uint8Array.from(Buffer.from(bytes, 'latin1'))
    const answer = await evaluated(models.honest(), set, { features: ['first_a', 'b'] })
    expect(told(answer)).toEqual(refused('column-repeated'))
  })

  test('a group column with a value for everybody', async () => {
    const rows = [...peopleRows(), ...peopleRows()].map((row, index) =>
      row.replace(/[FM]/, `id-${index}`),
    )
    const groups = [{ column: 'sex', metric: 'accuracy' as const, minRows: 1 }]
    expect(told(await evaluated(models.honest(), peopleCsv(rows), { groups }))).toEqual(
      refused('groups-too-many'),
    )
  })

  test('a digest that the policy does not name', async () => {
    const set = { ...setOf(peopleCsv()), digest: setOf('else').digest }
    expect(told(await evaluated(models.honest(), set))).toEqual(refused('set-digest-mismatch'))
  })

  test('a file that is not there', async () => {
    const set = setOf(peopleCsv())
    rmSync(set.path)
    expect(told(await evaluated(models.honest(), set))).toEqual(refused('set-missing'))
  })
})

describe('a candidate in which it is not plain what would serve is refused', wide, () => {
  const context = () => ({ set: setOf(peopleCsv()), limits })

  test('no ONNX model, whatever the name says', async () => {
    const files = candidate({
      'model.onnx': Buffer.from('{"weights": []}'),
      empty: new Uint8Array(),
    })
    expect(told(await checkEvaluation(files, clauseOf(), context(), quietRun()))).toEqual(
      refused('onnx-missing'),
    )
  })

  test('two ONNX models, one of them under another name; both are named', async () => {
    const files = candidate({ 'notes.txt': models.margins(), 'model.onnx': models.honest() })
    const answer = await checkEvaluation(files, clauseOf(), context(), quietRun())
    expect(told(answer)).toEqual(refused('onnx-several'))
    expect(answer.findings[0]?.what).toContain('notes.txt, model.onnx')
  })

  test('a policy that gives the model its answer', async () => {
    const clause = clauseOf({ features: ['a', 'ill'] })
    const { answer, notes } = await evaluateModel(candidate({}), clause, context(), quietRun())
    expect(told(answer)).toEqual(refused('label-is-feature'))
    expect(notes.candidate).toBeNull()
  })
})
