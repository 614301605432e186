import assert from 'node:assert/strict'
import { codeOf } from '../../harness/house.ts'
import { pick } from '../allowed.ts'
import type { Question } from './actions.ts'
import type { AccessLife, Network } from './life.ts'
import type { Asking, CredentialModel } from './model.ts'

/** What everybody is asked in a random life of rights. */

/** The house answers as the model does. */
export async function ask(life: AccessLife, question: Question): Promise<void> {
  const { model } = life
  const valid = model.credentials.filter((each) => model.isValid(each, life.now))
  const asked = question.isValid && valid.length > 0 ? valid : model.credentials
  const credential = pick(asked, question.credential)
  const key = pick(model.keys, question.key)
  if (credential === undefined || key === undefined) return
  const { act, network } = question
  const isOfKey = act !== 'key.create' && act !== 'principal.list'
  const lengths: Partial<Record<typeof act, number>> = {
    encrypt: question.bytes,
    decrypt: key.ciphertext.length,
  }
  const team = act === 'key.create' ? question.team : isOfKey ? key.team : undefined
  const asking = { act, key: isOfKey ? key : undefined, team, bytes: lengths[act], network }
  const code = await codeOf(perform(life, asking, question, credential))
  assert.equal(code, expected(life, asking, question, credential), act)
  if (act !== 'key.create') await explain(life, asking, credential)
}

/** What the gate would say is explained as it says it. */
async function explain(
  life: AccessLife,
  asking: Asking,
  { principal }: CredentialModel,
): Promise<void> {
  const { house, model, now } = life
  const { act, key, bytes, network } = asking
  const { allowed, steps } = await house.perform('access.explain', {
    principal: principal.id,
    operation: act,
    source: life.source(network as Network),
    ...(key === undefined ? {} : { key: key.id }),
    ...(bytes === undefined ? {} : { bytes }),
  })
  const may = principal.enabled && model.may(principal, asking, now)
  assert.equal(allowed, may, `${act}: ${JSON.stringify(steps)}`)
}

function expected(
  { model, now }: AccessLife,
  asking: Asking,
  { bytes }: Question,
  credential: CredentialModel,
): string {
  if (!model.isValid(credential, now)) return 'unauthenticated'
  if (!model.may(credential.principal, asking, now)) return 'forbidden'
  // A short message stands for a key of another algorithm here.
  const isOther = asking.act === 'key.create' && bytes === 4
  return isOther && model.policies.length > 0 ? 'policy_violated' : 'ok'
}

function perform(
  life: AccessLife,
  { act, key, team, network }: Asking,
  { bytes }: Question,
  { text }: CredentialModel,
) {
  const { house } = life
  const caller = { token: text, source: life.source(network as Network) }
  const id = key?.id ?? ''
  switch (act) {
    case 'encrypt':
      return house.perform('encrypt', { key: id, plaintext: Buffer.alloc(bytes) }, caller)
    case 'decrypt':
      return house.perform('decrypt', { ciphertext: key?.ciphertext ?? Buffer.alloc(0) }, caller)
    case 'key.get':
      return house.perform('key.get', { key: id }, caller)
    case 'key.update':
      return house.perform('key.update', { key: id, description: `${bytes}` }, caller)
    case 'key.create': {
      const algorithm = bytes === 4 ? 'AES-128-GCM' : 'AES-256-GCM'
      const labels = team === undefined ? {} : life.labels(team)
      return house.perform('key.create', { algorithm, exportable: false, labels }, caller)
    }
    case 'principal.list':
      return house.perform('principal.list', { limit: 1 }, caller)
    default:
      return act satisfies never
  }
}
