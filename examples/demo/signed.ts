import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Acted } from '../../api/schema/answers.js'
import { askedSeat, assertTrue } from '../../cli/decision-proof.js'
import { proofOf, type WhoAmI } from '../../cli/own-signature.js'
import { promotionPath, readDetail, readReports } from '../../cli/reports.js'
import { signerFromPem, type Signer } from '../../evidence/dsse.js'
import { checkoutRoot } from '../../src/config/checkout.js'
import type { People } from './people.js'
import { ask, follow, tellChecks } from './promotion.js'
import { bold, dim, word, type Teller } from './tell.js'

interface SignOff {
  readonly person: string
  readonly seat: string
  readonly reason: string
  /** Their own key; without it the server vouches for their token. */
  readonly signer?: Signer
}

/** As `countersign sign` does it: nothing is signed before it was computed again from what was downloaded. */
async function sign(people: People, tell: Teller, id: string, given: SignOff): Promise<void> {
  const { person, seat, reason, signer } = given
  const client = people.as(person)
  const detail = await readDetail(client, id)
  const asked = askedSeat(detail, seat)
  assertTrue(detail, asked, await readReports(client, detail))
  const { decisionDigest } = asked
  const said = { promotion: id, seat, decisionDigest, verdict: 'approve', reason } as const
  const you = await client.get<WhoAmI>('/v1/whoami')
  const proof = signer && proofOf(signer, you, said, client.key)
  const body = {
    seat,
    decisionDigest,
    verdict: said.verdict,
    reason,
    ...(proof && { ...proof.command.signed, reasonSalt: proof.salt }),
  }
  await client.post<Acted>(`${promotionPath(id)}/sign-offs`, body)
  const how = signer ? 'with a key of their own' : 'with a token'
  tell.line('  ', bold(you.name), ` signs at ${seat} ${how}: “${reason}”`)
  tell.line(dim(`    over ${decisionDigest}`))
}

/** Tier low asks for no seat: the checks alone decide. @returns whether it was promoted */
export async function fastLaneStory(people: People, tell: Teller): Promise<boolean> {
  const id = await ask(people, 'ward-forecast', '1', 'The spring figures are in.')
  tell.line('  mira asks for ward-forecast 1', dim(`  ${id}`))
  const detail = await follow(people, id, [])
  tellChecks(tell, detail)
  tell.line('  ', word(detail.state))
  return detail.state === 'promoted'
}

/** Tier high: three checks, then two people of two teams. @returns whether it was promoted */
export async function signedStory(people: People, tell: Teller): Promise<boolean> {
  const id = await ask(people, 'diabetes-risk', '1', 'As good for women as for men, and signed.')
  tell.line('  mira asks for diabetes-risk 1', dim(`  ${id}`))
  const asked = await follow(people, id, ['awaiting-sign-off'])
  tellChecks(tell, asked)
  const { state, seats } = asked
  tell.line('  ', word(state))
  const isOpen = (seat: string) =>
    state === 'awaiting-sign-off' &&
    seats.some((one) => one.id === seat && one.waitingFor.length > 0)
  const key = join(checkoutRoot(), 'examples', 'keys', 'EXAMPLE-ONLY-bo.key')
  const signer = signerFromPem('person', readFileSync(key, 'utf8'))
  const ana = { person: 'ana', seat: 'model-risk', reason: 'The figures hold in every group.' }
  const bo = { person: 'bo', seat: 'clinical-safety', reason: 'Safe on the ward.', signer }
  for (const one of [ana, bo]) {
    if (isOpen(one.seat)) await sign(people, tell, id, one)
  }
  const detail = await follow(people, id, [])
  tell.line('  ', word(detail.state))
  return detail.state === 'promoted'
}
