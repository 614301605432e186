import type { ProviderFault } from '#access'
import { LoginRefused, type LoginProvider } from '#model'

/** Why a login with a provider was refused, as the ledger says it. */
type Because =
  | ProviderFault
  /** The secret of the browser is not that of a login under way: made up, used before, too old, or another browser's. */
  | 'flow'
  /** The provider knows them, and nobody here does. */
  | 'unknown'
  | 'disabled'
  | 'locked'
  /** The person that a claim names is another one at the provider. */
  | 'linked'
  /** The provider was changed or deleted meanwhile. */
  | 'provider'
  /** A second factor is needed, and was wrong, or is not there. */
  | 'second-factor'

const WORDS =
  'The login with the provider did not succeed; begin again, and ask an administrator if it happens again'

/** The same words for every reason; the reason stands in the ledger. */
export function refused(
  provider: Pick<LoginProvider, 'id'> | undefined,
  because: Because,
  principal?: string,
  cause?: unknown,
): LoginRefused {
  return new LoginRefused(
    WORDS,
    {
      ...(provider === undefined ? {} : { provider: provider.id }),
      ...(principal === undefined ? {} : { person: principal }),
      because,
    },
    cause,
  )
}
