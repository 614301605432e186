import type { PasskeyRegistration } from '@claviger/contract/ledger'
import {
  credentialOf,
  digestOfBytes,
  passkeyFactorId,
  PASSKEY_WAIT_MS,
  passkeyRefused,
  siteOf,
  verifyAssertion,
  verifyRegistration,
  type Begun,
} from '#access'
import { newestRow, randomSecret } from '#keyring'
import { ClavigerError, type Factor, type PasskeyFactor } from '#model'
import { factorRow } from '../rows/logins.ts'
import type { PlannedRow } from '../verb.ts'
import type { Work } from '../work.ts'
import type { Proved, StoredFactor } from './stored.ts'

/** Passkeys in the gate: each challenge is for one ceremony, and is gone once an answer to it was looked at, whatever comes of that. */

/** 32 random bytes, base64url: what a passkey is to sign, or what a challenge is called. */
export function newChallenge(): string {
  return randomSecret(32).toString('base64url')
}

/** When a challenge that is made now is not good any more. Milliseconds since 1970. */
export function challengeEnd(work: Work): number {
  return work.now + PASSKEY_WAIT_MS
}

export function siteOfServer({ parts }: Work) {
  return siteOf(parts.publicUrl())
}

/** Takes what was begun out, once, though the verb may run again. */
export function takeOnce<Value>(
  work: Work,
  begun: Begun<Value>,
  name: string,
): Promise<Value | undefined> {
  return work.once('challenge', () => Promise.resolve(begun.take(name, work.now)))
}

export function passkeysAmong(factors: readonly StoredFactor[]): readonly PasskeyFactor[] {
  return factors.flatMap(({ factor }) => (factor.kind === 'passkey' ? [factor] : []))
}

export interface ProvedPasskey extends Proved {
  readonly factor: PasskeyFactor
}

/**
 * Whose answer it is, and what is written so that its counter does not come again. It is of `person` where somebody is logged in; else
 * it says itself who that is. The answer is attacker-chosen.
 *
 * @throws LoginRefused
 */
export async function provePasskey(
  work: Work,
  about: { readonly response: unknown; readonly challenge: string; readonly person?: string },
): Promise<ProvedPasskey> {
  const { response, challenge, person } = about
  const { parts, now } = work
  const reference = { kind: 'factor' as const, id: passkeyFactorId(credentialOf(response)) }
  const row = await newestRow(parts.store, reference)
  const known = row && parts.seals.open<Factor>(row)
  if (row === undefined || known?.kind !== 'passkey')
    throw passkeyRefused('unknown-credential', person)
  if (person !== undefined && known.principal !== person) throw passkeyRefused('wrong-user', person)
  // Again only where somebody else has used the passkey meanwhile: what it is compared with is what stands then.
  const said = await work.once(`passkey at ${row.revision}`, () =>
    verifyAssertion({
      response,
      challenge,
      site: siteOfServer(work),
      factor: known,
      discovered: person === undefined,
    }),
  )
  const factor: PasskeyFactor = { ...known, ...said, lastUsedAt: now }
  return {
    factor,
    authentication: { factor: 'passkey', at: now },
    row: factorRow(factor, undefined),
    standing: { ...reference, revision: row.revision },
  }
}

/** A passkey that somebody sets up. */
export interface AddedPasskey {
  readonly factor: PasskeyFactor
  readonly row: PlannedRow
  readonly absent: { readonly kind: 'factor'; readonly id: string }
  /** For the record: which key is whose from now on. */
  readonly detail: PasskeyRegistration
}

/**
 * The passkey of an answer to a challenge, for a person. The answer is attacker-chosen.
 *
 * @throws LoginRefused; ClavigerError conflict for one that is set up already
 */
export async function addPasskey(
  work: Work,
  about: {
    readonly response: unknown
    readonly challenge: string
    readonly name: string
    readonly person: { readonly id: string; readonly tenant: string }
  },
): Promise<AddedPasskey> {
  const { response, challenge, name, person } = about
  const made = await work.once('passkey', () =>
    verifyRegistration({ response, challenge, site: siteOfServer(work), person: person.id }),
  )
  const id = passkeyFactorId(made.credential)
  const reference = { kind: 'factor' as const, id }
  if ((await newestRow(work.parts.store, reference)) !== undefined)
    throw new ClavigerError('conflict', 'This passkey is set up already')
  const factor: PasskeyFactor = {
    id,
    kind: 'passkey',
    principal: person.id,
    tenant: person.tenant,
    name,
    createdAt: work.now,
    ...made,
  }
  return {
    factor,
    row: factorRow(factor, undefined),
    absent: reference,
    detail: {
      passkey: id,
      credential: made.credential,
      publicKey: digestOfBytes(Buffer.from(made.spki, 'base64url')),
    },
  }
}
