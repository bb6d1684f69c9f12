import type { ChildFault } from '../faults.js'

/** Why the model or the set could not be evaluated. The parent turns it into a finding. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: ChildFault

  constructor(code: ChildFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
