import type { RecordDraft } from '#ledger'
import type { ClavigerError } from '#model'

/** How an error is recorded. */
export function outcomeOf(error: ClavigerError): RecordDraft['outcome'] {
  switch (error.code) {
    case 'unauthenticated':
    case 'forbidden':
    case 'step_up_required':
    case 'approval_required':
      return 'denied'
    case 'wrong_state':
    case 'limit_reached':
    case 'wrong_usage':
    case 'algorithm_refused':
    case 'not_exportable':
    case 'separation_violated':
    case 'acknowledgement_required':
    case 'policy_violated':
      return 'refused'
    default:
      return 'failed'
  }
}
