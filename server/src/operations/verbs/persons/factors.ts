import type { OutputOf } from '@claviger/contract'
import { assertAcceptable, HASHES_KEPT, hashPassword, isPassword, newRecoveryCodes } from '#access'
import { newId } from '#keyring'
import { ClavigerError, type Factor, type Password, type Principal } from '#model'
import { assertFresh } from '../../logins/fresh.ts'
import { refused } from '../../logins/refused.ts'
import {
  factorsOf,
  lockoutOf,
  loggedIn,
  logsIn,
  passwordOf,
  sealedPassword,
  type StoredPassword,
} from '../../logins/stored.ts'
import { factorRow } from '../../rows/logins.ts'
import { readSettings } from '../../settings.ts'
import type { ChangeVerb, ReadVerb } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { own } from '../own.ts'
import { verifies } from './login.ts'
import { endedLogins } from './logins.ts'

/** Looking after factors that are there. */

export function factorView(factor: Factor): OutputOf<'factor.add'> {
  return {
    id: factor.id,
    kind: factor.kind,
    name: factor.name,
    createdAt: factor.createdAt,
    ...(factor.lastUsedAt === undefined ? {} : { lastUsedAt: factor.lastUsedAt }),
    ...(factor.kind === 'passkey' ? { backedUp: factor.backedUp } : {}),
    ...(factor.kind === 'recovery'
      ? { codesLeft: factor.codes.filter(({ usedAt }) => usedAt === undefined).length }
      : {}),
  }
}

function passwordView({ principal: id, changedAt }: Password) {
  return { id, kind: 'password' as const, name: '', createdAt: changedAt }
}

export const listFactors: ReadVerb<'factor.list'> = {
  kind: 'read',
  async run(input, work) {
    const { principal, tenant } = work.caller
    const id = input.principal ?? principal
    if (id === principal) work.authorizeAnybody()
    else {
      work.authorize()
      await own<Principal>(work, 'principal', id)
    }
    const password = await passwordOf(work, { id, tenant })
    const factors = await factorsOf(work, { id, tenant })
    return {
      items: [
        ...factors.map(({ factor }) => factorView(factor)),
        ...(password === undefined ? [] : [passwordView(password.password)]),
      ],
    }
  },
}

export const removeFactor: ChangeVerb<'factor.remove'> = {
  kind: 'change',
  async run({ factor: id }, work) {
    const { principal, tenant } = work.caller
    const ownFactors = await factorsOf(work, { id: principal, tenant })
    const isOwn = ownFactors.some(({ factor }) => factor.id === id)
    if (isOwn) {
      loggedIn(work)
      work.authorizeAnybody()
      assertFresh(work)
    } else work.authorize()
    const { value, standing } = await own<Factor>(work, 'factor', id)
    const person = { id: value.principal, tenant }
    const left = (await factorsOf(work, person)).filter(({ factor }) => factor.id !== id)
    const password = await passwordOf(work, person)
    if (!logsIn(left, password))
      throw new ClavigerError(
        'conflict',
        'Without it the person could not log in; add another first',
      )
    return {
      additive: false,
      rows: [],
      removals: [{ kind: 'factor', id }],
      // Two that remove one each must not remove both.
      unchanged: [standing, ...left.map((one) => one.standing)],
      subject: id,
      detail: { principal: value.principal, kind: value.kind },
      output: {},
    }
  },
}

export const renewCodes: ChangeVerb<'factor.renewCodes'> = {
  kind: 'change',
  async run(_input, work) {
    work.authorizeAnybody()
    const { id: principal, tenant } = loggedIn(work)
    assertFresh(work)
    if ((await passwordOf(work, { id: principal, tenant })) === undefined)
      throw new ClavigerError('conflict', 'Recovery codes go with a password; set one first')
    const old = (await factorsOf(work, { id: principal, tenant })).filter(
      ({ factor }) => factor.kind === 'recovery',
    )
    const { shown, codes } = newRecoveryCodes()
    const factor: Factor = {
      id: newId(),
      kind: 'recovery',
      principal,
      tenant,
      name: '',
      createdAt: work.now,
      codes,
    }
    return {
      additive: false,
      rows: [factorRow(factor, undefined)],
      removals: old.map((one) => ({ kind: 'factor' as const, id: one.factor.id })),
      absent: [{ kind: 'factor', id: factor.id }],
      unchanged: old.map((one) => one.standing),
      subject: factor.id,
      detail: { principal },
      output: { codes: shown },
    }
  },
}

/** Whether it is the password in force or one of those before it. */
async function wasUsed(stored: StoredPassword | undefined, password: string): Promise<boolean> {
  if (stored === undefined) return false
  const hashes = stored.open()
  try {
    for (const at of stored.password.hashes.keys())
      if (await isPassword(password, { parameters: stored.password.hashes, hashes }, at))
        return true
    return false
  } finally {
    hashes.fill(0)
  }
}

function withNewHash(
  work: Work,
  person: Principal,
  stored: StoredPassword | undefined,
  made: Awaited<ReturnType<typeof hashPassword>>,
) {
  const earlier = stored?.open() ?? Buffer.alloc(0)
  const hashes = Buffer.concat([made.hash, earlier]).subarray(0, HASHES_KEPT * made.hash.length)
  try {
    const password: Password = {
      principal: person.id,
      tenant: person.tenant,
      hashes: [made.parameters, ...(stored?.password.hashes ?? [])].slice(0, HASHES_KEPT),
      changedAt: work.now,
    }
    return sealedPassword(work, password, hashes)
  } finally {
    earlier.fill(0)
    hashes.fill(0)
  }
}

export const changePassword: ChangeVerb<'password.change'> = {
  kind: 'change',
  async run({ current, password }, work) {
    work.authorizeAnybody()
    const person = loggedIn(work)
    assertFresh(work)
    const stored = await passwordOf(work, person)
    const lockout = await lockoutOf(work, person)
    if (lockout.isLocked) throw refused('proof', 'locked', person.id)
    if (stored !== undefined && !(await verifies(work, stored, current ?? ''))) {
      return lockout.failed(refused('proof', 'password', person.id))
    }
    assertAcceptable(password, person.name, (await readSettings(work, person.tenant)).value)
    const revision = stored?.standing.revision ?? 0
    if (await work.once(`used at ${revision}`, () => wasUsed(stored, password)))
      throw new ClavigerError('invalid_request', 'It was the password before; take another', {
        field: 'password',
      })
    const made = await work.once(
      'hash',
      () => hashPassword(password),
      ({ hash }) => void hash.fill(0),
    )
    const { id: own } = work.session.credential
    const logins = await endedLogins(work, person, ({ id }) => id !== own)
    return {
      additive: false,
      rows: [withNewHash(work, person, stored, made), ...logins.rows],
      ...(stored === undefined ? { absent: [{ kind: 'password' as const, id: person.id }] } : {}),
      unchanged: [...logins.unchanged, ...(stored === undefined ? [] : [stored.standing])],
      subject: person.id,
      detail: { logins: logins.rows.length },
      output: {},
    }
  },
}
