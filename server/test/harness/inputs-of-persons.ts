import type { TestHouse } from './house.ts'
import type { Inputs } from './inputs.ts'
import { enrolledWithPasskey } from './passkey-person.ts'
import { enrolled, invited } from './person.ts'

/** Inputs of what persons do, and of what is done about them. */
type PersonInputs = Pick<
  Inputs,
  | 'person.invite'
  | 'person.reset'
  | 'enrolment.begin'
  | 'enrolment.complete'
  | 'login'
  | 'login.challenge'
  | 'login.passkey'
  | 'login.stepUpChallenge'
  | 'login.stepUp'
  | 'login.deviceStart'
  | 'login.deviceConfirm'
  | 'login.devicePoll'
  | 'login.list'
  | 'login.end'
  | 'logout'
  | 'factor.list'
  | 'factor.begin'
  | 'factor.add'
  | 'factor.remove'
  | 'factor.renewCodes'
  | 'password.change'
>

let persons = 0

export function personInputs(house: TestHouse): PersonInputs {
  const person = () => {
    persons += 1
    return house.perform('principal.create', { name: `somebody-${persons}`, kind: 'user' })
  }
  return {
    'person.invite': async () => ({ person: (await person()).id, hours: 1 }),
    'person.reset': async () => ({ person: (await enrolled(house)).id, hours: 1 }),
    'enrolment.begin': async () => ({ token: (await invited(house)).token }),
    'enrolment.complete': async () => {
      const { secret: _, ...input } = await (await invited(house)).complete()
      return input
    },
    login: async () => (await enrolled(house)).login(),
    'login.challenge': async () => ({}),
    'login.passkey': async () => (await enrolledWithPasskey(house)).login(),
    'login.stepUpChallenge': async () => ({}),
    'login.stepUp': async () => ({ code: '000000' }),
    'login.deviceStart': async () => ({}),
    'login.deviceConfirm': async () => ({ userCode: 'BCDF-GHJK' }),
    'login.devicePoll': async () => ({
      deviceCode: (await house.perform('login.deviceStart', {})).deviceCode,
    }),
    'login.list': async () => ({ principal: (await enrolled(house)).id, limit: 10 }),
    'login.end': async () => ({ login: (await enrolled(house)).session }),
    logout: async () => ({}),
    'factor.list': async () => ({ principal: (await enrolled(house)).id }),
    'factor.begin': async () => ({ kind: 'totp' }),
    'factor.add': async () => ({ ceremony: 'nothing', name: '', code: '000000' }),
    'factor.remove': async () => ({ factor: (await enrolled(house, 2)).apps[0] ?? '' }),
    'factor.renewCodes': async () => ({}),
    'password.change': async () => ({ password: 'nine unrelated brown horses' }),
  }
}
