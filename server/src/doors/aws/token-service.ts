import type { HttpRequest, HttpResponse } from '#http'
import { ClavigerError } from '#model'
import type { Credential, Gate } from '#operations'
import { AwsException } from './exceptions.ts'
import type { Form } from './form.ts'
import { encodeStsAnswer, type StsOutputs } from './sts-xml.ts'
import { readStsInput, type StsAction, type StsInputOf } from './sts.ts'

/** The security token service: who somebody is, and temporary credentials. */

const STS = ['sts']
const SECONDS = 3_600
const ROLE_ARN = /^arn:aws[a-z-]{0,32}:iam::(?<account>\d{12}):role\/(?:[^/]+\/)*(?<name>[^/]+)$/

/** One request of the query protocol. @throws AwsException, ClavigerError */
export async function answerSts(
  gate: Gate,
  request: HttpRequest,
  form: Form,
  requestId: string,
): Promise<HttpResponse> {
  const asked = readStsInput(form)
  switch (asked.action) {
    case 'GetCallerIdentity':
      return answer('GetCallerIdentity', await callerIdentity(gate, request), requestId)
    case 'AssumeRole':
      return answer('AssumeRole', await assumeRole(gate, request, asked.input), requestId)
    case 'AssumeRoleWithWebIdentity': {
      const output = await assumeWithToken(gate, request, asked.input)
      return answer('AssumeRoleWithWebIdentity', output, requestId)
    }
    default:
      return asked satisfies never
  }
}

function answer<Action extends StsAction>(
  action: Action,
  output: StsOutputs[Action],
  requestId: string,
): HttpResponse {
  return encodeStsAnswer(action, output, requestId)
}

function signed(request: HttpRequest): Credential {
  const { method, path, query, body } = request
  return {
    kind: 'signed',
    services: STS,
    request: { method, path, query, headers: request.distinctHeaders(), body },
  }
}

function origin(request: HttpRequest) {
  return { door: 'aws', source: request.source, request: request.id }
}

async function callerIdentity(
  gate: Gate,
  request: HttpRequest,
): Promise<StsOutputs['GetCallerIdentity']> {
  const self = await gate.perform({
    ...origin(request),
    operation: 'whoami',
    credential: signed(request),
    read: () => ({}),
  })
  const session = /:assumed-role\/.*\/([^/]+)$/.exec(self.arn)?.[1]
  return {
    UserId: session === undefined ? self.principal.id : `${self.principal.id}:${session}`,
    Account: self.account,
    Arn: self.arn,
  }
}

/** The account and the principal's name that a role's ARN says. @throws AwsException ValidationException */
function roleOf(arn: string): { readonly account: string; readonly name: string } {
  const { account, name } = ROLE_ARN.exec(arn)?.groups ?? {}
  if (account === undefined || name === undefined)
    throw new AwsException('ValidationException', 'RoleArn is not the ARN of a role')
  return { account, name }
}

async function assumeRole(
  gate: Gate,
  request: HttpRequest,
  input: StsInputOf<'AssumeRole'>,
): Promise<StsOutputs['AssumeRole']> {
  const role = roleOf(input.RoleArn)
  const session = await gate.perform({
    ...origin(request),
    operation: 'session.create',
    credential: signed(request),
    read(caller) {
      if (role.account !== caller.account)
        throw new ClavigerError('forbidden', 'The role is of another account')
      return {
        principal: role.name,
        name: input.RoleSessionName,
        seconds: input.DurationSeconds ?? SECONDS,
      }
    },
  })
  return assumed(session, input.RoleSessionName)
}

/** No signature: the token is the credential, and an issuer vouches for it. */
async function assumeWithToken(
  gate: Gate,
  request: HttpRequest,
  input: StsInputOf<'AssumeRoleWithWebIdentity'>,
): Promise<StsOutputs['AssumeRoleWithWebIdentity']> {
  const role = roleOf(input.RoleArn)
  const token = input.WebIdentityToken
  const session = await gate
    .perform({
      ...origin(request),
      operation: 'session.create',
      credential: { kind: 'identity', token, account: role.account, role: role.name },
      read: () => ({ name: input.RoleSessionName, seconds: input.DurationSeconds ?? SECONDS }),
    })
    .catch((thrown: unknown) => {
      if (thrown instanceof ClavigerError && thrown.code === 'unauthenticated')
        throw new AwsException('InvalidIdentityToken', thrown.message, 'unauthenticated')
      throw thrown
    })
  const claims = claimsOf(token)
  return {
    ...assumed(session, input.RoleSessionName),
    SubjectFromWebIdentityToken: claims.sub,
    Audience: claims.aud,
    Provider: claims.iss,
  }
}

function assumed(
  session: {
    readonly accessKey: string
    readonly secret: string
    readonly token: string
    readonly expiresAt: number
    readonly principal: string
    readonly arn: string
  },
  name: string,
): StsOutputs['AssumeRole'] {
  return {
    Credentials: {
      AccessKeyId: session.accessKey,
      SecretAccessKey: session.secret,
      SessionToken: session.token,
      Expiration: session.expiresAt,
    },
    AssumedRoleUser: { AssumedRoleId: `${session.principal}:${name}`, Arn: session.arn },
  }
}

/** Of a token that was found good. */
function claimsOf(token: string): {
  readonly sub: string
  readonly aud: string
  readonly iss: string
} {
  const [, payload = ''] = token.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
  const { sub, aud, iss } = claims
  const audience: unknown = Array.isArray(aud) ? aud[0] : aud
  return { sub: String(sub), aud: String(audience), iss: String(iss) }
}
