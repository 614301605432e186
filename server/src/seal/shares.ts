import { encodeBase32, randomBytes, randomSecret } from '#crypto'
import { ClavigerError } from '#model'
import { checkOf } from './check.ts'
import { KEY_BYTES, SEAL_ID_BYTES, SHARES_MAX, type ShareSeal } from './description.ts'
import { splitKey } from './shamir.ts'
import { ShareCollector } from './share-collector.ts'
import { formatShare } from './share-text.ts'

/**
 * Custodian shares: k of n of them make the seal key, and k - 1 say nothing about it (split knowledge: SP 800-57 part 1 section
 * 8.1.5.2.1, PCI DSS 3.7.6).
 */

export interface NewShareSeal {
  /** 32 random bytes: overwrite them after use. */
  readonly sealKey: Buffer
  /** One for each custodian; shown once and kept nowhere. */
  readonly shares: readonly string[]
  readonly description: ShareSeal
}

/**
 * Makes a seal key and shares it.
 *
 * @throws ClavigerError invalid_request unless 2 <= threshold <= shares <= 255.
 */
export async function createShares(plan: {
  readonly threshold: number
  readonly shares: number
}): Promise<NewShareSeal> {
  assertPlan(plan)
  const sealKey = randomSecret(KEY_BYTES)
  const id = encodeBase32(randomBytes(SEAL_ID_BYTES)).toString('latin1')
  const fields = { kind: 'shares', id, threshold: plan.threshold, shares: plan.shares } as const
  const description = Object.freeze({ ...fields, check: checkOf(sealKey, fields) })
  try {
    const shares = await write(sealKey, description)
    // A share that does not open is found before it is handed out, not on the day it is needed.
    for (const enough of [shares.slice(0, plan.threshold), shares.slice(-plan.threshold)]) {
      const opened = await openShares(description, enough)
      opened.fill(0)
    }
    return { sealKey, shares, description }
  } catch (cause) {
    sealKey.fill(0)
    const message = 'The new shares do not open their seal, so nothing was changed'
    throw new ClavigerError('internal', message, { cause })
  }
}

/**
 * The seal key that enough shares make, given all at once: overwrite it after use.
 *
 * @throws ClavigerError invalid_share where one is no share of this seal, there are too few, or they do not open it.
 */
export async function openShares(
  description: ShareSeal,
  shares: readonly string[],
): Promise<Buffer> {
  const collector = new ShareCollector(description)
  try {
    for (const share of shares) {
      const collected = await collector.add(share)
      if (collected.kind === 'open') return collected.sealKey
    }
    throw new ClavigerError(
      'invalid_share',
      `The seal needs ${collector.need} different shares, and ${collector.have} were given`,
    )
  } finally {
    collector.reset()
  }
}

async function write(sealKey: Buffer, description: ShareSeal): Promise<string[]> {
  const { id: seal, threshold, shares } = description
  const points = await splitKey(sealKey, shares, threshold)
  return points.map((point) => {
    const text = formatShare({ seal, threshold, ...point })
    point.payload.fill(0)
    return text
  })
}

function assertPlan({ threshold, shares }: { threshold: number; shares: number }): void {
  const whole = Number.isInteger(threshold) && Number.isInteger(shares)
  if (whole && threshold >= 2 && threshold <= shares && shares <= SHARES_MAX) return
  throw new ClavigerError(
    'invalid_request',
    `A seal has 2 to ${SHARES_MAX} shares, and needs at least 2 and at most all of them`,
    { field: 'threshold' },
  )
}
