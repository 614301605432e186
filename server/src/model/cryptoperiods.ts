import type { KeyType, KeyUsage } from '@claviger/contract'

/**
 * The cryptoperiods that SP 800-57 part 1 revision 5 recommends (section 5.3.6, table 1), by type of key. The standard calls them rough
 * guidelines; a policy takes them as the longest there are.
 */

const YEAR_DAYS = 365

/** Both in days from the activation of a version. What is absent, the standard does not bound. */
export interface Cryptoperiod {
  /** The originator-usage period: how long a version protects. */
  readonly protect?: number
  /** Until the end of the recipient-usage period: how long it processes what it protected. */
  readonly process?: number
}

export interface SourcedCryptoperiod extends Cryptoperiod {
  /** The row of table 1, and why this end of it. */
  readonly source: string
}

export const cryptoperiods: Readonly<Record<KeyType, SourcedCryptoperiod>> = Object.freeze({
  privateSignature: {
    protect: 3 * YEAR_DAYS,
    source:
      'Table 1 row 1: 1 to 3 years. What was signed is verified for as long as the public key lasts (row 2: several years)',
  },
  symmetricAuthentication: {
    protect: 2 * YEAR_DAYS,
    process: 5 * YEAR_DAYS,
    source: 'Table 1 row 3: at most 2 years, and 3 more to verify',
  },
  symmetricEncryption: {
    protect: 2 * YEAR_DAYS,
    process: 5 * YEAR_DAYS,
    source: 'Table 1 rows 6 and 7 (data encryption, key wrapping): at most 2 years, and 3 more',
  },
  privateTransport: {
    protect: 2 * YEAR_DAYS,
    source:
      'Table 1 rows 10 and 11: at most 2 years; the private key may be kept longer for what was stored',
  },
  privateAgreement: {
    protect: 2 * YEAR_DAYS,
    source: 'Table 1 row 13: 1 to 2 years; longer to read what was stored and forwarded',
  },
  privateDecapsulation: {
    protect: 2 * YEAR_DAYS,
    source:
      'Revision 6 initial public draft, table 1: public encapsulation 1 to 2 years, private decapsulation longer',
  },
})

/** Which type of key a usage makes of an algorithm. `isSymmetric` says whether its keys are secret keys and not pairs. */
export function keyTypeOf(usage: KeyUsage, isSymmetric: boolean): KeyType {
  switch (usage) {
    case 'sign':
      return 'privateSignature'
    case 'mac':
      return 'symmetricAuthentication'
    case 'encrypt':
      return isSymmetric ? 'symmetricEncryption' : 'privateTransport'
    case 'agree':
      return 'privateAgreement'
    case 'encapsulate':
      return 'privateDecapsulation'
    default:
      return usage satisfies never
  }
}
