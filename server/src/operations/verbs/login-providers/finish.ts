import type { InputOf, OutputOf } from '@claviger/contract'
import {
  assertionOptions,
  SECOND_FACTOR_ATTEMPTS,
  type AwaitedFactor,
  type Flow,
  type ProviderIdentity,
  type StoredProvider,
} from '#access'
import { ClavigerError, type Authentication } from '#model'
import { newLogin } from '../../logins/new-login.ts'
import { newChallenge, passkeysAmong, provePasskey, siteOfServer } from '../../logins/passkeys.ts'
import { factorsOf, lockoutOf, proveRecovery, proveTotp, type Proved } from '../../logins/stored.ts'
import type { ChangeVerb, Plan } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { identify, providerOf, takeFlow } from './answer.ts'
import { planMemberships } from './memberships.ts'
import { refused } from './refused.ts'
import { settle, type Settled } from './settle.ts'

/**
 * Finishing a login with a provider. MFA is asked of everybody: the provider counts as one factor, and as two only where it vouches for
 * that in the way its settings name.
 */

type Output = OutputOf<'login.provider'>

/** What the login comes from: the provider's answer, and then the person's own factor. */
interface Coming {
  readonly input: InputOf<'login.provider'>
  readonly flow: Flow
  readonly stored: StoredProvider
  readonly identity: ProviderIdentity
  readonly settled: Settled
  /** When the provider answered. */
  readonly at: number
}

export const providerLogin: ChangeVerb<'login.provider'> = {
  kind: 'change',
  async run(input, work) {
    work.authorizeAnybody()
    assertOneStep(input)
    const flow = await takeFlow(work, input.flow)
    const isFirst = flow.kind === 'answer'
    // A secret of the other step, or of a link, proves nothing here, and is used up.
    if (isFirst !== (input.callback !== undefined) || flow.login !== undefined)
      throw refused({ id: flow.provider }, 'flow')
    const identity = isFirst ? await identify(work, flow, input.callback ?? '') : flow.identity
    const stored = await providerOf(work, flow)
    const settled = await settle(work, stored, identity)
    const at = isFirst ? await work.once('at', () => Promise.resolve(work.now)) : flow.at
    const coming = { input, flow, stored, identity, settled, at }
    if (!settled.asksFactor) return planLogin(work, coming, undefined)
    return isFirst ? askFactor(work, coming) : proveFactor(work, coming, flow)
  },
}

function assertOneStep(input: InputOf<'login.provider'>): void {
  const { callback, code, recoveryCode, response } = input
  const given = [callback, code, recoveryCode, response].filter((one) => one !== undefined)
  if (given.length === 1) return
  throw new ClavigerError(
    'invalid_request',
    'Give one of callback, code, recoveryCode and response',
  )
}

/** @throws LoginRefused for a person who has no factor to prove */
async function askFactor(work: Work, coming: Coming): Promise<Plan<Output>> {
  const { settled, stored, identity, at } = coming
  const { principal } = settled
  const factors = await factorsOf(work, principal)
  const known = passkeysAmong(factors)
  const has = (kind: string) => factors.some(({ factor }) => factor.kind === kind)
  if (known.length === 0 && !has('totp'))
    throw refused(stored.provider, 'second-factor', principal.id)
  const { id: provider, tenant } = stored.provider
  const challenge = known.length === 0 ? {} : { challenge: newChallenge() }
  const waiting = { kind: 'factor', identity, principal: principal.id, at, attempts: 0 } as const
  const begun = await work.once('second', async () => ({
    ...challenge,
    ...work.parts.loginProviders.flows.begin(
      { ...waiting, ...challenge, provider, tenant },
      work.origin.source,
    ),
  }))
  return {
    additive: true,
    rows: [],
    subject: principal.id,
    detail: { provider, waits: 'second-factor' },
    output: {
      status: 'second-factor',
      flow: begun.secret,
      factors: [
        ...(begun.challenge === undefined ? [] : (['passkey'] as const)),
        ...(has('totp') ? (['totp'] as const) : []),
        ...(has('recovery') ? (['recovery-code'] as const) : []),
      ],
      ...(begun.challenge === undefined
        ? {}
        : { passkey: { options: await optionsOf(work, begun.challenge, known) } }),
      expiresAt: begun.expiresAt,
    },
  }
}

function optionsOf(work: Work, challenge: string, known: ReturnType<typeof passkeysAmong>) {
  return assertionOptions({ site: siteOfServer(work), challenge, known })
}

async function proveFactor(
  work: Work,
  coming: Coming,
  flow: Flow & AwaitedFactor,
): Promise<Plan<Output>> {
  const { input, settled, stored } = coming
  const { principal } = settled
  // Somebody else was linked meanwhile: this proof was to be another person's.
  if (principal.id !== flow.principal) throw refused(stored.provider, 'flow', principal.id)
  if (input.response !== undefined) {
    const { response } = input
    const { challenge } = flow
    if (challenge === undefined) throw refused(stored.provider, 'second-factor', principal.id)
    const proved = await provePasskey(work, { response, challenge, person: principal.id })
    return withProof(await planLogin(work, coming, proved), proved, {})
  }
  const lockout = await lockoutOf(work, principal)
  if (lockout.isLocked) throw refused(stored.provider, 'locked', principal.id)
  const factors = await factorsOf(work, principal)
  const proved =
    input.code === undefined
      ? proveRecovery(work, factors, input.recoveryCode ?? '')
      : proveTotp(work, factors, input.code)
  if (proved === undefined) {
    const failed = await lockout.failed(refused(stored.provider, 'second-factor', principal.id))
    return {
      ...failed,
      async after() {
        await failed.after?.()
        again(work, input.flow, flow)
      },
    }
  }
  const { removals, conditions } = lockout
  return withProof(await planLogin(work, coming, proved), proved, { removals, ...conditions })
}

/** The login, and what its proof writes so that it does not prove it again. */
function withProof(
  plan: Plan<Output>,
  proved: Proved,
  also: Pick<Plan<Output>, 'removals' | 'absent' | 'unchanged'>,
): Plan<Output> {
  return {
    ...plan,
    rows: [...plan.rows, proved.row],
    removals: [...(plan.removals ?? []), ...(also.removals ?? [])],
    absent: [...(plan.absent ?? []), ...(also.absent ?? [])],
    unchanged: [...(plan.unchanged ?? []), proved.standing, ...(also.unchanged ?? [])],
  }
}

/** Another attempt, a few times. */
function again({ parts, origin }: Work, secret: string, flow: Flow & AwaitedFactor): void {
  const attempts = flow.attempts + 1
  if (attempts < SECOND_FACTOR_ATTEMPTS)
    parts.loginProviders.flows.again(secret, { ...flow, attempts }, origin.source)
}

async function planLogin(
  work: Work,
  { stored, identity, settled, at }: Coming,
  proved: Proved | undefined,
): Promise<Plan<Output>> {
  const { provider } = stored
  const { principal, link } = settled
  const memberships = await planMemberships(work, provider, principal.id, identity.groups)
  const authentications: Authentication[] = [
    {
      factor: identity.strong ? 'provider-mfa' : 'provider',
      // Where it does not say when, nothing that asks for a fresh proof takes it for one.
      at: Math.min(identity.authenticatedAt ?? 0, at),
    },
    ...(proved === undefined ? [] : [proved.authentication]),
  ]
  const rests = { provider: provider.id, link: link.id }
  const made = await newLogin(work, { principal, authentications, ...rests })
  work.believe({
    principal: principal.id,
    tenant: principal.tenant,
    name: principal.name,
    credential: made.login.id,
    factors: ['login', ...authentications.map(({ factor }) => factor)],
  })
  return {
    additive: false,
    rows: [...settled.rows, ...memberships.rows, made.row],
    removals: memberships.removals,
    absent: [...settled.absent, ...memberships.absent, made.absent],
    anew: true,
    unchanged: [...settled.unchanged, ...memberships.unchanged],
    subject: principal.id,
    detail: { provider: provider.id },
    output: { status: 'done', ...made.output },
  }
}
