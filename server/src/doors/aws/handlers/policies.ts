import type { InputOf as NativeInput, OutputOf as NativeOutput } from '@claviger/contract'
import { readGrantToken, type ClavigerError } from '#model'
import { PolicyError } from '#operations'
import type { Asking } from '../asking.ts'
import { AwsException } from '../exceptions.ts'
import { noSuchPolicy } from '../failures.ts'
import type { InputOf } from '../members.ts'
import { handler } from './handler.ts'
import { moreOf, pageOf } from './paging.ts'

/** Key policies and grants. */

const POLICY_NAME = 'default'

function assertDefault(name: string | undefined): void {
  if (name !== undefined && name !== POLICY_NAME) throw noSuchPolicy()
}

/** What is wrong with a policy, in AWS's type. */
export function malformed(error: ClavigerError): AwsException | undefined {
  return error instanceof PolicyError
    ? new AwsException('MalformedPolicyDocumentException', error.message)
    : undefined
}

export const getKeyPolicy = handler<'GetKeyPolicy', 'policy.get'>({
  native: 'policy.get',
  input(input, asking) {
    assertDefault(input.PolicyName)
    return { key: asking.reference(input.KeyId, 'no aliases') }
  },
  output: (output) => ({ Policy: output.policy, PolicyName: POLICY_NAME }),
})

export const putKeyPolicy = handler<'PutKeyPolicy', 'policy.put'>({
  native: 'policy.put',
  input(input, asking) {
    assertDefault(input.PolicyName)
    return {
      key: asking.reference(input.KeyId, 'no aliases'),
      policy: input.Policy,
      ...(input.BypassPolicyLockoutSafetyCheck === undefined
        ? {}
        : { bypassPolicyLockoutCheck: input.BypassPolicyLockoutSafetyCheck }),
    }
  },
  output: () => undefined,
  recover: malformed,
})

/** A key has one policy, whose name is known. */
export const listKeyPolicies = handler<'ListKeyPolicies', 'policy.get'>({
  native: 'policy.get',
  input(input, asking) {
    pageOf(input, 100, 1_000)
    return { key: asking.reference(input.KeyId, 'no aliases') }
  },
  output: (_output, input) => ({
    PolicyNames: input.Marker === undefined ? [POLICY_NAME] : [],
    Truncated: false,
  }),
})

type Constraints = NonNullable<InputOf<'CreateGrant'>['Constraints']>

function nativeConstraints(
  constraints: Constraints,
): NonNullable<NativeInput<'grant.create'>['constraints']> {
  const { EncryptionContextEquals, EncryptionContextSubset, SourceArn } = constraints
  if (SourceArn !== undefined) {
    throw new AwsException(
      'UnsupportedOperationException',
      'SourceArn is not supported: no service of AWS asks for anything here',
    )
  }
  return {
    ...(EncryptionContextEquals === undefined ? {} : { equals: EncryptionContextEquals }),
    ...(EncryptionContextSubset === undefined ? {} : { subset: EncryptionContextSubset }),
  }
}

/** No service of AWS asks for anything here. */
function refuseService(...principals: readonly (string | undefined)[]): void {
  if (principals.some((principal) => principal !== undefined)) {
    throw new AwsException(
      'UnsupportedOperationException',
      'Service principals are not supported: no service of AWS is a client of this server',
    )
  }
}

/**
 * Natively a bare name will do; to AWS it is none, and one like `ec2.amazonaws.com` means a service.
 *
 * @throws AwsException InvalidArnException
 */
function assertArns(...principals: readonly (string | undefined)[]): void {
  if (principals.some((principal) => principal !== undefined && !principal.startsWith('arn:')))
    throw new AwsException('InvalidArnException', 'A principal is named by its ARN')
}

export const createGrant = handler<'CreateGrant', 'grant.create'>({
  native: 'grant.create',
  input(input, asking) {
    refuseService(input.GranteeServicePrincipal, input.RetiringServicePrincipal)
    if (input.GranteePrincipal === undefined)
      throw new AwsException('ValidationException', 'GranteePrincipal is required.')
    assertArns(input.GranteePrincipal, input.RetiringPrincipal)
    return {
      key: asking.reference(input.KeyId, 'no aliases'),
      grantee: input.GranteePrincipal,
      operations: [...input.Operations],
      ...(input.RetiringPrincipal === undefined ? {} : { retiring: input.RetiringPrincipal }),
      ...(input.Constraints === undefined
        ? {}
        : { constraints: nativeConstraints(input.Constraints) }),
      ...(input.Name === undefined ? {} : { name: input.Name }),
    }
  },
  output: (output) => ({ GrantToken: output.token, GrantId: output.id }),
  recover(error) {
    if (error.code === 'invalid_request' && /^(?:grantee|retiring)$/.test(error.field ?? ''))
      return new AwsException('InvalidArnException', error.message)
    return error.code === 'conflict'
      ? new AwsException('LimitExceededException', error.message)
      : undefined
  },
})

function grantEntries(output: NativeOutput<'grant.list'>, asking: Asking) {
  return {
    Grants: output.items.map((grant) => ({
      KeyId: asking.arnOfId(grant.key, grant.keyRegion, grant.multiRegionId),
      GrantId: grant.id,
      Name: grant.name ?? '',
      CreationDate: grant.createdAt,
      GranteePrincipal: grant.grantee,
      ...(grant.retiring === undefined ? {} : { RetiringPrincipal: grant.retiring }),
      IssuingAccount: `arn:aws:iam::${asking.account}:root`,
      Operations: grant.operations,
      ...(grant.constraints === undefined
        ? {}
        : { Constraints: awsConstraints(grant.constraints) }),
    })),
    ...moreOf(output.cursor),
  }
}

function awsConstraints(constraints: NonNullable<NativeInput<'grant.create'>['constraints']>) {
  const { equals, subset } = constraints
  return {
    ...(equals === undefined ? {} : { EncryptionContextEquals: equals }),
    ...(subset === undefined ? {} : { EncryptionContextSubset: subset }),
  }
}

export const listGrants = handler<'ListGrants', 'grant.list'>({
  native: 'grant.list',
  input(input, asking) {
    refuseService(input.GranteeServicePrincipal)
    return {
      key: asking.reference(input.KeyId, 'no aliases'),
      ...pageOf(input, 50, 100),
      ...(input.GrantId === undefined ? {} : { grant: input.GrantId }),
      ...(input.GranteePrincipal === undefined ? {} : { grantee: input.GranteePrincipal }),
    }
  },
  output: (output, _input, asking) => grantEntries(output, asking),
})

export const listRetirableGrants = handler<'ListRetirableGrants', 'grant.retirable'>({
  native: 'grant.retirable',
  input(input) {
    refuseService(input.RetiringServicePrincipal)
    if (input.RetiringPrincipal === undefined)
      throw new AwsException('ValidationException', 'RetiringPrincipal is required.')
    return { retiring: input.RetiringPrincipal, ...pageOf(input, 50, 100) }
  },
  output: (output, _input, asking) => grantEntries(output, asking),
})

/** A token or an id that no grant on the key has. */
function unknownGrant(
  error: ClavigerError,
  grant: string,
  asking: Asking,
  key: string | undefined,
) {
  const found = key !== undefined && asking.facts?.key(asking.reference(key)) !== undefined
  return error.code === 'not_found' && (found || key === undefined)
    ? new AwsException('NotFoundException', `Grant ID ${grant} not found`)
    : undefined
}

export const retireGrant = handler<'RetireGrant', 'grant.retire'>({
  native: 'grant.retire',
  input(input, asking) {
    const { GrantToken, KeyId, GrantId } = input
    if (GrantToken !== undefined) {
      if (readGrantToken(GrantToken) === undefined)
        throw new AwsException('InvalidGrantTokenException', 'The grant token is not valid')
      return { token: GrantToken }
    }
    if (KeyId === undefined || GrantId === undefined) {
      throw new AwsException(
        'ValidationException',
        'You must specify either GrantToken, or both KeyId and GrantId.',
      )
    }
    return { key: asking.reference(KeyId, 'no aliases'), grant: GrantId }
  },
  output: () => undefined,
  recover(error, { GrantToken, GrantId, KeyId }, asking) {
    const grant = GrantToken === undefined ? GrantId : readGrantToken(GrantToken)?.grant
    return unknownGrant(error, grant ?? '', asking, KeyId)
  },
})

export const revokeGrant = handler<'RevokeGrant', 'grant.revoke'>({
  native: 'grant.revoke',
  input: (input, asking) => ({
    key: asking.reference(input.KeyId, 'no aliases'),
    grant: input.GrantId,
  }),
  output: () => undefined,
  recover: (error, input, asking) => unknownGrant(error, input.GrantId, asking, input.KeyId),
})
