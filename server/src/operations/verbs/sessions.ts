import {
  findNamed,
  isLasting,
  listRows,
  newAccessKeyId,
  newAccessKeySecret,
  principalArn,
  readRow,
  sealTemporary,
} from '#access'
import { ClavigerError, type Principal, type Trust } from '#model'
import type { UseVerb } from '../verb.ts'
import type { Work } from '../work.ts'

/**
 * Temporary credentials: for oneself, or as a principal that trusts one. They rest on everything the caller's own credential rests on,
 * and on what let the caller act as another, so that taking any of it away ends them.
 */

/** Rows that one session may rest on. A session from a session from a session rests on more each time, and its token grows. */
const RESTS_MAX = 32

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Whom the session will be of, and what bounds it. */
interface Acting {
  readonly principal: Pick<Principal, 'id' | 'name'>
  readonly rests: readonly string[]
  readonly secondsMax: number | undefined
  /** What lets the caller act as another. */
  readonly trust?: string
}

export const createSession: UseVerb<'session.create'> = {
  kind: 'use',
  references: () => [],
  async run(input, work) {
    const { parts, origin, session, caller } = work
    const acting = await actingAs(input.principal, work)
    work.authorizeAnybody()
    if (input.seconds > (acting.secondsMax ?? Number.POSITIVE_INFINITY)) {
      throw new ClavigerError(
        'invalid_request',
        'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
        { field: 'seconds' },
      )
    }
    if (acting.rests.length > RESTS_MAX) {
      throw new ClavigerError(
        'invalid_request',
        'Too many sessions were made from one another; begin with a credential that is none',
      )
    }
    // It changes nothing, but whoever could send it again would get credentials of their own.
    const release = parts.access.claim(origin.credential, caller.tenant)
    const accessKey = newAccessKeyId('ASIA')
    const secret = newAccessKeySecret()
    try {
      const claims = {
        accessKey,
        secret: secret.toString(),
        principal: acting.principal.id,
        session: input.name,
        expiresAt: Math.min(parts.clock.now() + input.seconds * 1_000, endOf(session.credential)),
        rests: acting.rests,
      }
      work.used(undefined, {
        subject: acting.principal.id,
        detail: {
          session: input.name,
          accessKey,
          seconds: input.seconds,
          until: claims.expiresAt,
          ...(acting.trust === undefined ? {} : { trust: acting.trust }),
        },
      })
      return {
        accessKey,
        secret: claims.secret,
        token: sealTemporary(parts.hierarchy, caller.tenant, claims),
        expiresAt: claims.expiresAt,
        principal: acting.principal.id,
        arn: principalArn({
          account: caller.account,
          name: acting.principal.name,
          principal: acting.principal.id,
          session: input.name,
        }),
      }
    } catch (thrown) {
      release?.()
      throw thrown
    } finally {
      secret.fill(0)
    }
  },
}

/** What is made with a credential ends with it. An identity token only lets its holder in: its end is near, and says nothing. */
function endOf({ kind, expiresAt }: Work['session']['credential']): number {
  return kind === 'identity-token' ? Number.POSITIVE_INFINITY : expiresAt
}

/** @throws ClavigerError forbidden, with the same words whether there is no trust or no such principal */
async function actingAs(reference: string | undefined, work: Work): Promise<Acting> {
  const { session } = work
  const rests = [...session.rests].filter(isLasting)
  const self = session.principal
  if (reference === undefined || reference === self.id || reference === self.name)
    return { principal: self, rests, secondsMax: session.credential.secondsMax }
  const target = await findPrincipal(reference, work)
  const trust = target && (await findTrust(target, work))
  if (target === undefined || trust === undefined) throw forbidden()
  work.relyOn(async () => {
    for (const kind of ['trust', 'principal'] as const) {
      const id = kind === 'trust' ? trust.id : target.id
      const row = await readRow<{ readonly state?: string }>(work.parts, kind, id)
      if (row === undefined || row.value.state === 'disabled') throw forbidden()
    }
  })
  return {
    principal: target,
    rests: [...new Set([...rests, `trust/${trust.id}`, `principal/${target.id}`])],
    secondsMax: trust.seconds,
    trust: trust.id,
  }
}

/** A principal of the caller's tenant that can be acted as, by id or name. */
async function findPrincipal(reference: string, { parts, caller }: Work) {
  const found = UUID.test(reference)
    ? (await readRow<Principal>(parts, 'principal', reference))?.value
    : await findNamed(parts, caller.tenant, reference)
  if (found?.tenant !== caller.tenant || found.state !== 'enabled') return undefined
  // Nobody acts as a person but the person.
  return found.kind === 'service' ? found : undefined
}

/** Of the trusts that let the caller act as a principal the one that lets it for longest. */
async function findTrust(target: Principal, { parts, caller }: Work): Promise<Trust | undefined> {
  const trusts = await listRows<Trust>(parts, 'trust', target.tenant, ['principal', target.id])
  return trusts
    .filter(
      ({ principal, by }) =>
        principal === target.id && by.kind === 'principal' && by.principal === caller.principal,
    )
    .toSorted((one, other) => other.seconds - one.seconds)[0]
}

function forbidden(): ClavigerError {
  return new ClavigerError(
    'forbidden',
    'The principal may not act as that one; ask an owner for a trust',
  )
}
