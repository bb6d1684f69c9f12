import { promotionIdOf } from '../evidence/statement.js'
import { outsideStream, promotionWorkflowId } from '../src/contract.js'
import { digestOfJson } from '../src/domain/canonical.js'
import { isPromotionError, PromotionError } from '../src/domain/errors.js'
import { clausesOf, policyFor, type GovernanceSet } from '../src/domain/policy.js'
import { promotionRequest, type PromotionRequest } from '../src/schema/statement.js'
import type { Opening } from './activities.js'
import { championOf } from './champion.js'
import type { WorkerDeps } from './deps.js'
import { rememberGovernance, rulingFor } from './governance-in-force.js'
import { unprovenBecause } from './proof.js'
import type { RegistryVersion } from './registry/registry.js'

const largestRequestBytes = 60_000

function refuse(code: 'NOT_ALLOWED' | 'SIGNATURE_INVALID' | 'MALFORMED', detail: string): never {
  throw new PromotionError(code, detail)
}

/** The request exactly as it was signed, for this run and no other. @throws PromotionError */
function readRequest(input: unknown, workflowId: string): PromotionRequest {
  const parsed = promotionRequest.safeParse(input)
  if (!parsed.success)
    return refuse('MALFORMED', 'the request is not of the form that it must have')
  const { body, signed } = parsed.data
  const { statement } = signed
  if (statement.act !== 'request' || statement.bodyDigest !== digestOfJson(body)) {
    return refuse('SIGNATURE_INVALID', 'the statement was made over another act or body')
  }
  const id = promotionIdOf(statement.installation, statement.person, statement.nonce)
  if (statement.promotion !== id) {
    return refuse('SIGNATURE_INVALID', 'the promotion id does not follow from person and nonce')
  }
  const expected = promotionWorkflowId(body.environment, body.model, body.version)
  if (expected === undefined) {
    return refuse(
      'MALFORMED',
      'model, version and environment make a workflow id of more than 255 characters',
    )
  }
  if (expected !== workflowId) {
    return refuse('MALFORMED', 'the run was started under the id of another version')
  }
  return parsed.data
}

/** A person with scope `request`, or a machine identity with the sponsor that the owners file gives it. */
function assertMayRequest(set: GovernanceSet, { body, signed }: PromotionRequest): void {
  const { person } = signed.statement
  const machine = set.owners.machines.find(({ id }) => id === person)
  if (machine && body.sponsor === machine.sponsor) return
  if (machine) refuse('NOT_ALLOWED', 'a machine identity asks for its own sponsor and nobody else')
  const human = set.owners.people.find(({ id }) => id === person)
  if (!human?.scopes.includes('request')) refuse('NOT_ALLOWED', `${person} lacks the scope request`)
  if (body.sponsor !== null) refuse('NOT_ALLOWED', 'only a machine identity has a sponsor')
}

/** Records what the registry says others did, with the source that told us; known events are not doubled. */
async function recordOutside(deps: WorkerDeps, found: RegistryVersion): Promise<void> {
  const { log, registry } = deps
  const stream = outsideStream(found.model)
  const known = await log.read(stream)
  const stamp = { at: new Date().toISOString(), person: null }
  const source = registry.kind
  const { createdAt, run, version } = found
  const events = [
    ...(run?.startedAt
      ? [
          {
            type: 'training-run-started',
            ...stamp,
            body: { source, run: run.id, startedAt: run.startedAt },
          },
        ]
      : []),
    ...(createdAt
      ? [{ type: 'version-created', ...stamp, body: { source, version, createdAt } }]
      : []),
  ].filter(
    (event) =>
      !known.some(
        ({ leaf, body }) =>
          leaf.type === event.type && digestOfJson(body) === digestOfJson(event.body),
      ),
  )
  if (events.length > 0) await log.append(stream, known.length, events)
}

async function open(deps: WorkerDeps, input: unknown, workflowId: string): Promise<Opening> {
  const { registry, evidence, installation, timing } = deps
  const request = readRequest(input, workflowId)
  const governance = await deps.governance.current()
  const fault = unprovenBecause(request.signed, governance, installation)
  if (fault) return refuse(fault.code, fault.detail)
  const { set } = governance
  assertMayRequest(set, request)
  await rememberGovernance(deps, set)
  const { model, version, environment, reason, sponsor } = request.body
  const found = await registry.version(model, version)
  const { rules, membership } = rulingFor(set, model, environment)
  for (const { clause } of clausesOf(set, policyFor(set, model, environment))) {
    await evidence.put(clause)
  }
  await recordOutside(deps, found)
  const { promotion, person } = request.signed.statement
  return fitting({
    kind: 'facts',
    timing,
    request: {
      installation: installation.id,
      promotion,
      model,
      version,
      environment,
      requester: person,
      sponsor,
      reason,
      signed: request.signed,
      rules,
      membership,
      champion: await championOf(deps, environment, model),
      origin: { registry: registry.kind, createdAt: found.createdAt, run: found.run },
      development: installation.development,
    },
  })
}

/** What one event of the log may hold is limited, and a governance set with thousands of owners would not fit. */
function fitting(opening: Extract<Opening, { kind: 'facts' }>): Opening {
  const sizeBytes = Buffer.byteLength(JSON.stringify(opening.request))
  if (sizeBytes <= largestRequestBytes) return opening
  const message = `teams and owners of this model make a request of ${sizeBytes} bytes`
  const remedy = `name smaller teams in its policy and in owns, so that ${largestRequestBytes} are not exceeded`
  throw new PromotionError('LIMIT_REACHED', message, { field: 'model', remedy })
}

/** Without the log nothing can be recorded, so nothing may be refused either: the run waits for it. */
function isOutage(error: PromotionError): boolean {
  return error.code === 'LOG_UNAVAILABLE'
}

/**
 * Asks registry and governance set what a request comes to. It records only what was seen outside, each thing once, so
 * a retry is safe.
 */
export async function openPromotion(
  deps: WorkerDeps,
  input: unknown,
  workflowId: string,
): Promise<Opening> {
  try {
    return await open(deps, input, workflowId)
  } catch (error) {
    if (!isPromotionError(error) || isOutage(error)) throw error
    return { kind: 'refused', code: error.code, detail: error.message, ...error.detail }
  }
}
