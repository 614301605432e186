import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { STSServiceException } from '@aws-sdk/client-sts'
import { Issuer } from '../../harness/issuer.ts'
import { assertRefused, DAY_MS, present, startAwsHouse } from '../house.ts'

/** Temporary credentials from AWS's own client, and what they are good for. */

const { client, tokenService, clock, owner, account, hire } = await startAwsHouse()
const sts = tokenService()

async function refusedWith(doing: Promise<unknown>, code: string, status: number): Promise<void> {
  await assert.rejects(doing, (error: STSServiceException) => {
    assert.equal(error.name, code, error.message)
    assert.equal(error.$metadata.httpStatusCode, status)
    return true
  })
}

test('who somebody is', async () => {
  const { UserId, Account, Arn } = await sts.getCallerIdentity({})
  assert.deepEqual({ UserId, Account, Arn }, { UserId: owner.id, Account: account, Arn: owner.arn })
  const stranger = tokenService({
    credentials: { accessKeyId: 'AKIAABCDEFGHIJKLMNOP', secretAccessKey: 'x' },
  })
  await refusedWith(stranger.getCallerIdentity({}), 'InvalidClientTokenId', 403)
})

test('a role is assumed by whom it trusts, and its session does what it may', async () => {
  const role = await hire('key-user')
  const caller = await hire()
  const name = role.arn.split('/').at(-1)
  const RoleArn = `arn:aws:iam::${account}:role/${name}`
  const asking = tokenService({ credentials: caller.credentials })
  const wish = { RoleArn, RoleSessionName: 'night', DurationSeconds: 900 }
  await refusedWith(asking.assumeRole(wish), 'AccessDenied', 403)
  await owner.rest.call('trust.create', {
    principal: role.id,
    by: { kind: 'principal', principal: caller.id },
  })
  const { Credentials, AssumedRoleUser } = await asking.assumeRole(wish)
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = present(Credentials)
  assert.equal(AssumedRoleUser?.Arn, `arn:aws:sts::${account}:assumed-role/${name}/night`)
  const seconds = (present(Expiration).getTime() - clock.now()) / 1_000
  assert.ok(seconds > 800 && seconds <= 900)
  const credentials = {
    accessKeyId: present(AccessKeyId),
    secretAccessKey: present(SecretAccessKey),
    sessionToken: present(SessionToken),
  }
  const who = await tokenService({ credentials }).getCallerIdentity({})
  assert.equal(who.Arn, AssumedRoleUser?.Arn)
  const { KeyMetadata } = await client().createKey({})
  const session = client({ credentials })
  const { CiphertextBlob } = await session.encrypt({
    KeyId: KeyMetadata?.KeyId,
    Plaintext: Buffer.from('x'),
  })
  assert.equal((await session.decrypt({ CiphertextBlob })).KeyId, KeyMetadata?.Arn)
  await assertRefused(session.createKey({}), 'AccessDeniedException')

  clock.advance(DAY_MS)
  const late = client({ credentials, systemClockOffset: clock.ahead })
  await assertRefused(late.listKeys({}), 'ExpiredTokenException')
})

test('a role is assumed with a token of an issuer that it trusts', async () => {
  const issuer = new Issuer('https://issuer.test')
  const role = await hire('key-user')
  const provider = await owner.rest.call('identityProvider.create', {
    issuer: issuer.issuer,
    audiences: ['sts.amazonaws.com'],
    keys: issuer.keys(),
  })
  await owner.rest.call('trust.create', {
    principal: role.id,
    by: { kind: 'identity', provider: provider.id, subject: 'system:serviceaccount:shop:*' },
  })
  const now = Math.floor(clock.now() / 1_000)
  const claims = {
    iss: issuer.issuer,
    aud: 'sts.amazonaws.com',
    sub: 'system:serviceaccount:shop:till',
    iat: now,
    exp: now + 600,
  }
  const wish = {
    RoleArn: `arn:aws:iam::${account}:role/${role.arn.split('/').at(-1)}`,
    RoleSessionName: 'pod',
    WebIdentityToken: issuer.token(claims),
  }
  const unsigned = tokenService({ systemClockOffset: clock.ahead })
  const made = await unsigned.assumeRoleWithWebIdentity(wish)
  assert.deepEqual(
    [made.SubjectFromWebIdentityToken, made.Audience, made.Provider],
    [claims.sub, claims.aud, claims.iss],
  )
  const { AccessKeyId, SecretAccessKey, SessionToken } = present(made.Credentials)
  const session = client({
    systemClockOffset: clock.ahead,
    credentials: {
      accessKeyId: present(AccessKeyId),
      secretAccessKey: present(SecretAccessKey),
      sessionToken: present(SessionToken),
    },
  })
  assert.equal((await session.generateRandom({ NumberOfBytes: 8 })).Plaintext?.length, 8)
  for (const token of [
    'no token',
    issuer.token({ ...claims, exp: now - 3_600, iat: now - 7_200 }),
    issuer.token({ ...claims, sub: 'system:serviceaccount:office:till' }),
  ])
    await refusedWith(
      unsigned.assumeRoleWithWebIdentity({ ...wish, WebIdentityToken: token }),
      'InvalidIdentityTokenException',
      400,
    )
})
