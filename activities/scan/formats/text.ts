import { basename, extname } from 'node:path'
import type { ByteSource } from '../byte-source.js'
import { malformed, refused } from '../refusals.js'
import { inert, Malformed, type FileVerdict } from '../verdict.js'
import { looksLikeProgram } from './source-text.js'
import { inspectJson, claimsJson } from './json-file.js'
import { inspectMlmodel } from './mlmodel.js'
import { requirementFindings } from './requirements.js'
import { parseStrictYaml } from './strict-yaml.js'
import { templateVerdict } from './template.js'

/** Control and direction characters, line separators and invisible tags; tabs and line ends are no harm. */
const hostile = /[\p{Bidi_Control}\p{Zl}\p{Zp}\u{E0000}-\u{E007F}]|(?![\t\n\r])\p{Cc}/u
const yamlLine = /^(---|[A-Za-z_][\w. -]*:(\s|$)|- )/
/** How YAML asks for an object of a class: `!!python/object`, `!!javax.script`, `!<tag:`, `!ruby/object`. */
const yamlTag = /(^|[\s[{,])!(![A-Za-z]+[/:.]|<|[A-Za-z]+[/:])/

function firstLine(text: string): string {
  return text.split('\n', 50).find((line) => line.trim() !== '' && !line.startsWith('#')) ?? ''
}

/** Plain text that happens to look like YAML stays text, unless its name or a tag would send it to a YAML loader. */
function yamlVerdict(path: string, text: string): FileVerdict | null {
  const isNamed = ['.yaml', '.yml'].includes(extname(path).toLowerCase())
  if (!isNamed && !yamlTag.test(text) && !yamlLine.test(firstLine(text))) return null
  try {
    parseStrictYaml(text)
    return inert('yaml')
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    if (!isNamed && !yamlTag.test(text)) return null
    return malformed(path, 'yaml', error.message, error.offset)
  }
}

function isCsv(text: string): boolean {
  const lines = text.split('\n', 20).filter((line) => line.trim() !== '')
  const commas = lines.map((line) => line.replaceAll(/"[^"]*"/g, '').split(',').length)
  return lines.length > 1 && (commas[0] ?? 0) > 1 && commas.every((count) => count === commas[0])
}

function isMarkup(text: string): boolean {
  return /^\s*<(!doctype|html|svg|\?xml)/i.test(text) || /<script\b/i.test(text)
}

/** What a text is refused for, the surest sign first; null where it may be read on. */
function refusal(path: string, text: string): FileVerdict | null {
  if (hostile.test(text)) return refused(path, 'hostile-text')
  if (text.startsWith('#!')) return refused(path, 'script')
  if (text.startsWith('%PDF-')) return refused(path, 'pdf')
  if (isMarkup(text)) return refused(path, 'html')
  const program = looksLikeProgram(path, text)
  return program === null ? templateVerdict(path, text) : refused(path, program)
}

/**
 * What a file of clean UTF-8 is. The name counts only where a loader goes by it, and only to be stricter.
 *
 * @param paths all files of the model
 * @throws Malformed
 */
export function inspectText(
  source: ByteSource,
  raw: string,
  paths: ReadonlySet<string>,
): FileVerdict {
  const { path } = source
  const text = raw.replace(/^\uFEFF/, '')
  // An MLmodel may be written as JSON, which is YAML too, and must not escape its own rules by that.
  const isMlmodel = /^mlmodel$/i.test(basename(path))
  // JSON goes before the signs of a program: a notebook or a configuration may quote one.
  const isJson = !isMlmodel && claimsJson(path, text)
  const early = isJson && !hostile.test(text) ? inspectJson(path, raw) : refusal(path, text)
  if (early !== null && !isJson) return early
  if (isMlmodel) return inspectMlmodel(path, raw, paths)
  const verdict = early ?? yamlVerdict(path, text) ?? inert(isCsv(text) ? 'csv' : 'text')
  return { ...verdict, findings: [...verdict.findings, ...requirementFindings(path, text)] }
}
