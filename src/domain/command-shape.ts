import type { ActCommand } from '../schema/statement.js'

const longestCommand = 16 * 1024

const bodyFields: Readonly<Record<ActCommand['act'], readonly string[]>> = {
  'sign-off': ['conditions', 'decisionDigest', 'reason', 'seat', 'verdict'],
  waiver: ['check', 'finding', 'modelDigest', 'reason', 'until'],
  acceptance: ['check', 'reason', 'resultDigest', 'until'],
  withdrawal: ['reason', 'seat'],
  cancel: ['reason'],
  rerun: ['check', 'reason'],
}

const digest = /^sha256:[0-9a-f]{64}$/
const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

const forms: Readonly<Record<string, RegExp>> = {
  installation: /^ins_[0-9a-z]{8,40}$/,
  promotion: /^prm_[0-9a-f]{32}$/,
  person: /^(per|mac)_[0-9a-z]{4,40}$/,
  nonce: /^[\x21-\x7e]{8,128}$/,
  bodyDigest: digest,
  issued: moment,
  notAfter: moment,
  until: moment,
  reason: digest,
  decisionDigest: digest,
  modelDigest: digest,
  resultDigest: digest,
  keyid: /^(api|person):[0-9a-f]{16}$/,
  sig: /^(?=.{0,2000}$)(?:[0-9A-Za-z+/]{4})*(?:[0-9A-Za-z+/]{2}==|[0-9A-Za-z+/]{3}=)?$/,
  v: /^countersign-statement\/1$/,
  seat: /^[a-z0-9][a-z0-9-]{0,63}$/,
  check: /^(provenance|scan|evaluation)$/,
  verdict: /^(approve|reject)$/,
  finding: /^[^\p{C}]{1,200}$/u,
  act: /^(request|sign-off|waiver|acceptance|withdrawal|cancel|rerun|adopt|stop|revoke|rollback|break-glass|ratification)$/,
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isOfItsForm(field: string, content: unknown): boolean {
  const form = forms[field]
  return form === undefined || (typeof content === 'string' && form.test(content))
}

function faultOf(value: unknown, name: string, fields: readonly string[]): string | null {
  if (!isObject(value)) return `${name} must be an object`
  const missing = fields.find((field) => !(field in value))
  if (missing !== undefined) return `${name}.${missing} is missing`
  const extra = Object.keys(value).find((field) => !fields.includes(field))
  if (extra !== undefined) return `${name} has an unknown field`
  const wrong = fields.find((field) => !isOfItsForm(field, value[field]))
  return wrong === undefined ? null : `${name}.${wrong} is not of the form that it must have`
}

function signedFault(signed: unknown): string | null {
  const outer = faultOf(signed, 'signed', ['signature', 'statement'])
  if (outer !== null || !isObject(signed)) return outer
  const fields = ['act', 'bodyDigest', 'installation', 'issued', 'nonce', 'notAfter', 'person']
  const { statement } = signed
  const development = isObject(statement) && 'development' in statement ? ['development'] : []
  return (
    faultOf(signed['signature'], 'signature', ['keyid', 'sig']) ??
    faultOf(statement, 'statement', [...fields, 'promotion', 'v', ...development]) ??
    (isObject(statement) &&
    statement['development'] !== undefined &&
    statement['development'] !== true
      ? 'statement.development must be true where it is given'
      : null)
  )
}

function isAct(value: unknown): value is ActCommand['act'] {
  return Object.hasOwn(bodyFields, String(value))
}

/**
 * What is wrong with the shape of a command, in words; null where nothing is. The sandbox has no zod, so this is the
 * one check that is written by hand; a test holds it against the schema.
 */
export function commandFault(command: unknown): string | null {
  const outer = faultOf(command, 'command', ['act', 'body', 'signed'])
  if (outer !== null || !isObject(command)) return outer
  const { act, body, signed } = command
  if (!isAct(act)) return 'command.act is not an act that a promotion takes'
  if (JSON.stringify(command).length > longestCommand) return 'the command is larger than 16 KiB'
  const conditions = isObject(body) ? body['conditions'] : null
  if (conditions !== null && conditions !== undefined && !isDigest(conditions)) {
    return 'body.conditions must be a digest or null'
  }
  return faultOf(body, 'body', bodyFields[act]) ?? signedFault(signed)
}

function isDigest(value: unknown): boolean {
  return typeof value === 'string' && digest.test(value)
}

/** Narrows what came in from outside once `commandFault` found nothing. */
export function isActCommand(command: unknown): command is ActCommand {
  return commandFault(command) === null
}
