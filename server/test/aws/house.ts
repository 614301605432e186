import assert from 'node:assert/strict'
import { after } from 'node:test'
import { KMS, type KMSClientConfig } from '@aws-sdk/client-kms'
import { STS } from '@aws-sdk/client-sts'
import type { RoleName } from '@claviger/contract'
import { createAwsDoor, isAwsPath } from '#aws'
import { createSwitch, listen } from '#http'
import { systemClock, type ClavigerError, type Clock } from '#model'
import { startHouse, type TestHouse } from '../harness/house.ts'
import { Client, closeClients, overHttp } from '../rest/client.ts'
import { newcomer } from '../rest/house.ts'
import { restDoorOver } from '../rest/socket-free.ts'

/** A house with both its doors on one loopback port, and AWS's own clients in front of it. */

export const REGION = 'eu-central-1'
export const OTHER_REGION = 'us-west-2'
export const DAY_MS = 86_400_000

/** The system's clock, put forward: AWS's clients sign with the time of the system. */
export class ForwardClock implements Clock {
  #ahead = 0

  now(): number {
    return systemClock.now() + this.#ahead
  }

  advance(milliseconds: number): void {
    this.#ahead += milliseconds
  }

  get ahead(): number {
    return this.#ahead
  }
}

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** Somebody with a token for REST and an access key for AWS's clients. */
export interface Person {
  readonly id: string
  readonly arn: string
  readonly rest: Client
  readonly credentials: Credentials
  readonly kms: KMS
}

export interface AwsHouse {
  readonly house: TestHouse
  readonly clock: ForwardClock
  readonly address: string
  readonly port: number
  /** Twelve digits. */
  readonly account: string
  readonly owner: Person
  /** The owner's client, in {@link REGION}. */
  readonly kms: KMS
  /** Errors of the server's own; a test that brings some about takes them out. */
  readonly failures: ClavigerError[]
  /** A client of AWS's; the owner's in {@link REGION} unless told otherwise. It does not try again. */
  readonly client: (options?: KMSClientConfig) => KMS
  readonly tokenService: (options?: KMSClientConfig) => STS
  /** A new principal, with a role in the tenant where one is named. */
  readonly hire: (role?: RoleName) => Promise<Person>
}

/** Opens a house; it is closed when the file's tests have ended, and nothing may have failed in it. */
export async function startAwsHouse(): Promise<AwsHouse> {
  const clock = new ForwardClock()
  const house = await startHouse({ clock })
  const rest = restDoorOver(house)
  const aws = createAwsDoor({
    gate: house.house.gate,
    prefix: '/aws',
    observe: () => undefined,
    reportFailure: (_request, error) => rest.failures.push(error),
    elapsed: () => performance.now(),
    now: () => clock.now(),
  })
  const door = createSwitch(
    [{ takes: (path) => path === '/' || isAwsPath(path, '/aws'), door: aws }],
    rest.door,
  )
  const listener = await listen({
    door: {
      ...door,
      // Clients correct their clocks by it, and the clock of this house is not the system's.
      async respond(request) {
        const answer = await door.respond(request)
        const date = new Date(clock.now()).toUTCString()
        return { ...answer, headers: { ...answer.headers, date } }
      },
    },
    host: '127.0.0.1',
    port: 0,
    idPrefix: '0a1b2c3d',
  })
  const address = `http://127.0.0.1:${listener.port}`
  const made: (KMS | STS)[] = []
  after(async () => {
    for (const client of made) client.destroy()
    closeClients()
    await listener.drain(0)
    await house.close()
    assert.deepEqual(rest.failures, [])
  })

  const settings = (credentials: Credentials, options: KMSClientConfig): KMSClientConfig => ({
    endpoint: address,
    region: REGION,
    maxAttempts: 1,
    systemClockOffset: clock.ahead,
    credentials,
    ...options,
  })
  const kmsOf = (credentials: Credentials, options: KMSClientConfig = {}): KMS => {
    const client = new KMS(settings(credentials, options))
    made.push(client)
    return client
  }

  async function personOf(id: string, client: Client): Promise<Person> {
    const key = await ownerRest.call('accessKey.create', { principal: id })
    const credentials = { accessKeyId: key.id, secretAccessKey: key.secret }
    const { arn } = await client.call('whoami', {})
    return { id, arn, rest: client, credentials, kms: kmsOf(credentials) }
  }

  const ownerRest = new Client(overHttp(address), house.token)
  const self = await ownerRest.call('whoami', {})
  const owner = await personOf(self.principal.id, ownerRest)
  return {
    house,
    clock,
    address,
    port: listener.port,
    account: self.account,
    owner,
    kms: owner.kms,
    failures: rest.failures,
    client: (options = {}) => kmsOf(owner.credentials, options),
    tokenService(options = {}) {
      const client = new STS(settings(owner.credentials, options) as never)
      made.push(client)
      return client
    },
    async hire(role) {
      const { id, client } = await newcomer(ownerRest)
      if (role !== undefined) await ownerRest.call('binding.create', { principal: id, role })
      return personOf(id, client)
    },
  }
}

/** The exception that an operation must end with. */
export interface Refused {
  readonly type: string
  /** Empty where there is none. */
  readonly message: string
  readonly requestId: string | undefined
}

/** What AWS's client says of an exception without a message. */
const NO_MESSAGE = 'UnknownError'

export async function refused(doing: Promise<unknown>): Promise<Refused> {
  try {
    await doing
  } catch (error) {
    assert.ok(error instanceof Error)
    const { $metadata } = error as { $metadata?: { httpStatusCode?: number; requestId?: string } }
    if ($metadata === undefined) throw error
    assert.equal($metadata.httpStatusCode, 400, error.message)
    return {
      type: error.name,
      message: error.message === NO_MESSAGE ? '' : error.message,
      requestId: $metadata.requestId,
    }
  }
  throw new assert.AssertionError({ message: 'the operation succeeded' })
}

/** The message matters where one is given; `''` for none. */
export async function assertRefused(
  doing: Promise<unknown>,
  type: string,
  message?: string | RegExp,
): Promise<void> {
  const found = await refused(doing)
  assert.equal(found.type, type, `${found.type}: ${found.message}`)
  if (typeof message === 'string') assert.equal(found.message, message)
  else if (message instanceof RegExp) assert.match(found.message, message)
}

/** A member that AWS's types hold for optional and every answer has. */
export function present<Value>(value: Value | undefined): Value {
  assert.ok(value !== undefined)
  return value
}
