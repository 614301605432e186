import assert from 'node:assert/strict'
import { codeOf } from '../../harness/house.ts'
import { pick } from '../allowed.ts'
import type { Of } from './actions.ts'
import { inWords } from './deciding.ts'
import type { ApprovalLife, Person } from './life.ts'
import { CredentialModel } from './model.ts'

/** How the persons of a random life log in, prove again who they are, and log out. */

export async function logIn(
  life: ApprovalLife,
  taken: Of<'login' | 'logout' | 'end' | 'stepUp'>,
): Promise<void> {
  switch (taken.do) {
    case 'login':
      return begin(life, taken)
    case 'logout':
    case 'end':
      return end(life, taken)
    case 'stepUp':
      return stepUp(life, taken)
    default:
      taken satisfies never
  }
}

/** A code counts once, and each is of another half minute. */
function nextCode(life: ApprovalLife, person: Person): string {
  life.advance(1)
  return person.code()
}

function loginOf({ model }: ApprovalLife, at: number): CredentialModel | undefined {
  return pick(
    model.credentials.filter(({ actor }) => actor.isPerson),
    at,
  )
}

async function begin(life: ApprovalLife, { person: at }: Of<'login'>): Promise<void> {
  const { house, model, cast } = life
  const person = pick(cast.persons, at)
  const actor = model.actors.find(({ id }) => id === person?.id)
  assert.ok(person !== undefined && actor !== undefined)
  const { name, password } = person
  const given = { name, password, code: nextCode(life, person), carrier: 'token' as const }
  const doing = house.perform('login', given, { token: undefined })
  if (!actor.isEnabled) {
    assert.equal(await codeOf(doing), 'unauthenticated')
    return
  }
  const { token = '', session } = await doing
  model.credentials.push(new CredentialModel(actor, session.id, token, life.now))
}

async function end(
  life: ApprovalLife,
  { do: how, credential: at }: Of<'logout' | 'end'>,
): Promise<void> {
  const one = loginOf(life, at)
  if (one === undefined) return
  const isValid = one.isValid(life.now)
  if (how === 'end') {
    if (!isValid) return
    await life.house.perform('login.end', { login: one.id })
  } else {
    const code = await life.house.codeOf('logout', {}, { token: one.text })
    assert.equal(code, isValid ? 'ok' : 'unauthenticated')
  }
  one.hasEnded = true
}

async function stepUp(
  life: ApprovalLife,
  { credential: at, doing: bound }: Of<'stepUp'>,
): Promise<void> {
  const { house, model } = life
  const credential = loginOf(life, at)
  const person = life.cast.persons.find(({ id }) => id === credential?.actor.id)
  if (credential === undefined || person === undefined) return
  const code = nextCode(life, person)
  const doing = bound === undefined ? undefined : life.doing(bound)
  const about = doing === undefined ? {} : { operation: doing.act, input: inWords(doing) }
  const stepping = house.perform('login.stepUp', { code, ...about }, { token: credential.text })
  const { now } = life
  if (!credential.isValid(now)) {
    assert.equal(await codeOf(stepping), 'unauthenticated')
    return
  }
  const { proof } = await stepping
  credential.use(now)
  if (doing === undefined) {
    credential.provedAt = now
    return
  }
  assert.ok(proof !== undefined)
  model.proofs.push({ credential, doing, text: proof, madeAt: now, isUsed: false })
}
