import { randomBytes } from 'node:crypto'
import type { TestHouse } from './house.ts'

/** What programs prove who they are with: for every operation of it an input that succeeds. */
export function machineInputs(house: TestHouse) {
  const page = { limit: 10 }
  const accessKeyOf = async () => {
    const { id: principal } = await house.createUser()
    const made = await house.perform('accessKey.create', { principal, description: '' })
    return made.id
  }
  const certificateOf = async () => ({
    principal: (await house.createUser()).id,
    fingerprint: randomBytes(32).toString('hex'),
    description: '',
  })
  const secretIdOf = async () => {
    const { id: principal } = await house.createUser()
    const made = await house.perform('secretId.create', {
      principal,
      description: '',
      networks: [],
    })
    return { ...made, principal }
  }
  return {
    'accessKey.create': async () => ({
      principal: (await house.createUser()).id,
      description: '',
    }),
    'accessKey.list': async () => page,
    'accessKey.revoke': async () => ({ accessKey: await accessKeyOf() }),
    'certificate.create': certificateOf,
    'certificate.list': async () => page,
    'certificate.revoke': async () => ({
      certificate: (await house.perform('certificate.create', await certificateOf())).id,
    }),
    'secretId.create': async () => ({
      principal: (await house.createUser()).id,
      description: '',
      networks: ['127.0.0.0/8'],
    }),
    'secretId.list': async () => page,
    'secretId.revoke': async () => ({ secretId: (await secretIdOf()).id }),
    'secretId.exchange': async () => {
      const { principal, secret } = await secretIdOf()
      return { principal, secret, seconds: 900 }
    },
  }
}
