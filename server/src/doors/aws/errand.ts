import type { HttpRequest } from '#http'
import { readGrantToken, toClavigerError, type Key, type KeyVersion } from '#model'
import type { Call, Caller, Credential, Facts, GatedName } from '#operations'
import { Asking } from './asking.ts'
import { toAwsException } from './errors.ts'
import { AwsException } from './exceptions.ts'
import { dryRunSucceeded } from './failures.ts'
import type { AnyHandler, Common } from './handlers/handler.ts'
import { handlers } from './handlers/index.ts'
import { readInput, type AwsOperation } from './members.ts'

const SERVICES = ['kms']

/**
 * One operation of AWS KMS on its way through the gate. It is an object of a class, and not a literal with functions, since there is one
 * for every request.
 */
export class Errand implements Call<GatedName> {
  readonly operation: GatedName
  readonly credential: Credential
  readonly door = 'aws'
  readonly source: string
  readonly secure: boolean | undefined
  readonly request: string
  readonly region: string
  readonly kmsOperation: AwsOperation
  readonly #row: AnyHandler
  readonly #asking: Asking
  readonly #body: Uint8Array
  #input: unknown

  /** `now` is in milliseconds since 1970. @throws AwsException UnsupportedOperationException */
  constructor(request: HttpRequest, operation: AwsOperation, now: number) {
    const row = handlers[operation]
    if (row === undefined) {
      throw new AwsException('UnsupportedOperationException', `${operation} is not supported`)
    }
    this.operation = row.native
    this.credential = credentialOf(request)
    this.source = request.source
    this.secure = request.secure
    this.request = request.id
    this.region = regionOf(request)
    this.kmsOperation = operation
    this.#row = row
    this.#asking = new Asking(operation, this.region, now)
    this.#body = request.body
  }

  read(caller: Caller): ReturnType<AnyHandler['input']> {
    const asking = this.#asking
    asking.believe(caller)
    this.#input = readInput(this.kmsOperation, this.#body)
    const { DryRun, GrantTokens } = this.#input as Common
    if (GrantTokens !== undefined) assertGrantTokens(GrantTokens)
    asking.dryRun = DryRun === true
    return this.#row.input(this.#input, asking)
  }

  isRehearsal(): boolean {
    return this.#asking.dryRun
  }

  examine(key: Key, current: KeyVersion, reference: string): void {
    this.#asking.meet(key, current, reference)
    this.#row.examine?.(key, this.#input, this.#asking)
  }

  told(facts: Facts): void {
    this.#asking.facts = facts
  }

  /** What the gate's output is in AWS's members. @throws AwsException, such as for a signature that is not valid, or a rehearsal */
  answer(output: unknown): unknown {
    // What was found not to be valid is told by the answer, also where only this is asked.
    const answer = this.#row.output(output, this.#input, this.#asking)
    if (this.#asking.dryRun) throw dryRunSucceeded()
    return answer
  }

  /** What AWS answers where the gate refused. @throws AwsException, unless AWS takes it for a success */
  recover(thrown: unknown): unknown {
    const recovered =
      this.#input === undefined || thrown instanceof AwsException
        ? undefined
        : this.#row.recover?.(toClavigerError(thrown), this.#input, this.#asking)
    if (recovered === undefined) throw toAwsException(thrown, this.#asking)
    if (recovered instanceof AwsException) throw recovered
    return recovered.output
  }
}

/** Grants are in force without their tokens; what is given as one must still be one. @throws AwsException */
function assertGrantTokens(tokens: readonly string[]): void {
  if (tokens.some((token) => readGrantToken(token) === undefined))
    throw new AwsException('InvalidGrantTokenException', 'The grant token is not valid')
}

/** What the caller presents; whether it is good is for the gate. */
function credentialOf(request: HttpRequest): Credential {
  const { method, path, query, body } = request
  return {
    kind: 'signed',
    services: SERVICES,
    request: { method, path, query, headers: request.distinctHeaders(), body },
  }
}

/** Attacker-chosen, and looked for at each place of a header: what stands before the date is no longer than the id of an access key. */
const SCOPE = /Credential=[^/,]{1,128}\/\d{8}\/([a-z0-9][a-z0-9-]{0,62})\//

/** The region of the credential's scope; the signature covers it, and nothing hangs on it that a caller may not choose. */
function regionOf(request: HttpRequest): string {
  const header = request.headers['authorization']
  const scope = typeof header === 'string' ? SCOPE.exec(header) : null
  return scope?.[1] ?? 'us-east-1'
}
