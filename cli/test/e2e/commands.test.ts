import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { inProcess, startDevServer, type DevServer, type Outcome } from './dev-server.ts'

let server: DevServer

before(async () => {
  server = await startDevServer()
})

after(async () => {
  await server[Symbol.asyncDispose]()
})

async function ok(given: readonly string[], stdin?: string | Uint8Array): Promise<string> {
  const { exitCode, stdout, stderr } = await server.claviger(given, stdin)
  assert.equal(exitCode, 0, `${given.join(' ')}: ${stderr}`)
  return stdout.toString('utf8')
}

async function refused(
  exitCode: number,
  given: readonly string[],
  stdin?: string | Uint8Array,
): Promise<Outcome> {
  const outcome = await server.claviger(given, stdin)
  assert.equal(outcome.exitCode, exitCode, `${given.join(' ')}: ${outcome.stderr}`)
  assert.equal(outcome.stdout.length, 0, 'what failed has no data')
  assert.match(outcome.stderr, /^claviger: /)
  assert.ok(!outcome.stderr.includes(server.token))
  assert.ok(!/\n\s+at /.test(outcome.stderr), 'no stack trace')
  return outcome
}

test('the token file and the environment file are for their owner only', async () => {
  for (const name of ['token', 'env']) {
    assert.equal((await stat(join(server.folder, name))).mode & 0o777, 0o600, name)
  }
})

test('the command has become the server: one process, and its flags are hardened', async () => {
  const line = (await readFile(`/proc/${server.pid}/cmdline`, 'utf8')).split('\0')
  assert.ok(
    line.some((argument) => argument.endsWith('server/src/main.ts')),
    line.join(' '),
  )
  assert.ok(line.includes('--disallow-code-generation-from-strings'))
  assert.ok(!line.some((argument) => argument.includes(server.token)))
})

test('the secret of an access key is printed once, and the credentials of a session are whole', async () => {
  const principal = (await ok(['principal', 'create', 'aws-client', '--field', 'id'])).trim()
  const made = await ok(['access-key', 'create', principal, '--days', '7', '-o', 'table'])
  const secret = /^secret +([A-Za-z0-9+/]{40})$/m.exec(made)?.[1] ?? ''
  assert.equal(secret.length, 40)
  const id = /^id +(AKIA[A-Z2-7]{16})$/m.exec(made)?.[1] ?? ''
  const listed = await ok(['access-key', 'list', '--principal', principal])
  assert.ok(listed.includes(id) && !listed.includes(secret))
  const revoked = await ok(['access-key', 'revoke', id])
  assert.ok(revoked.includes('revokedAt') && !revoked.includes(secret))
  await refused(6, ['access-key', 'revoke', id])

  const session = await ok(['session', 'create', 'laptop', '--seconds', '900', '-o', 'table'])
  assert.match(session, /^accessKey +ASIA[A-Z2-7]{16}$/m)
  assert.match(session, /^token +[A-Za-z0-9+/]{200,}={0,2}$/m)
  await refused(4, ['session', 'create', 'laptop', '--principal', 'nobody'])
})

test('a key is made, used, rotated, revoked, and refused', async () => {
  const id = (
    await ok(['key', 'create', '--alias', 'app', '--labels', 'env=test', '--field', 'id'])
  ).trim()
  const envelope = await ok(
    ['encrypt', '-k', 'app', '--text', '--context', 'row=7'],
    'attack at dawn',
  )
  assert.match(envelope, /^[A-Za-z0-9+/]+=*\n$/)
  assert.equal(await ok(['decrypt', '--text', '--context', 'row=7'], envelope), 'attack at dawn')
  assert.equal(
    await ok(['decrypt', '--context', 'row=7'], Buffer.from(envelope, 'base64')),
    'attack at dawn',
  )
  await refused(8, ['decrypt', '--text', '--context', 'row=8'], envelope)
  await refused(8, ['decrypt', '--text'], envelope)
  assert.equal((await ok(['key', 'rotate', 'app', '--field', 'version'])).trim(), '2')
  assert.equal(await ok(['key', 'versions', 'app', '--field', 'version']), '1\n2\n')
  const newer = (
    await ok(['reencrypt', '--context', 'row=7', '--field', 'ciphertext'], envelope)
  ).trim()
  assert.equal(await ok(['decrypt', '--text', '--context', 'row=7'], newer), 'attack at dawn')
  assert.ok((await ok(['key', 'list', '--labels', 'env=test', '--field', 'id'])).includes(id))
  assert.equal((await ok(['key', 'suspend', 'app', '--field', 'state'])).trim(), 'suspended')
  await refused(6, ['encrypt', '-k', 'app', '--text'], 'x')
  assert.equal((await ok(['key', 'resume', 'app', '--field', 'state'])).trim(), 'active')
  await ok(['key', 'revoke', 'app', '--reason', 'keyCompromise'])
  await refused(6, ['encrypt', '-k', 'app', '--text'], 'x')
})

test('RSA: a message with the padding asked for, and a mu signed by ML-DSA', async () => {
  const rsa = ['--algorithm', 'RSA-2048', '--usage', 'encrypt', '--alias', 'old-peer']
  await ok(['key', 'create', ...rsa])
  const sha1 = ['-k', 'old-peer', '--padding', 'rsa-oaep-sha-1']
  const block = await ok(['encrypt', ...sha1], 'short')
  assert.equal(await ok(['decrypt', ...sha1], block), 'short')
  await refused(8, ['decrypt', '-k', 'old-peer', '--text'], block)
  await refused(2, ['decrypt', '-k', 'old-peer', '--padding', 'pkcs1'], block)
  await ok(['key', 'create', '--algorithm', 'ML-DSA-44', '--alias', 'quantum'])
  const mu = ['-k', 'quantum', '--mu', `hex:${'5a'.repeat(64)}`]
  const signature = join(server.folder, 'mu.signature')
  await writeFile(signature, await ok(['sign', ...mu, '--field', 'signature'], 'ignored'))
  await ok(['verify', ...mu, '--signature', `@${signature}`], 'ignored')
})

test('a file of any size goes through, from stdin or by name, and decrypting needs no key name', async () => {
  await ok(['key', 'create', '--alias', 'files'])
  for (const size of [0, 1, 1_048_576, 3_000_000]) {
    const plain = randomBytes(size)
    const { stdout: sealed, exitCode } = await server.launch(
      ['encrypt', '-k', 'files', '--context', 'a=b'],
      plain,
    )
    assert.equal(exitCode, 0)
    assert.ok(sealed.length > plain.length)
    const opened = await server.launch(['decrypt', '--context', 'a=b'], sealed)
    assert.equal(opened.exitCode, 0, opened.stderr)
    assert.ok(opened.stdout.equals(plain), `${size} bytes`)
  }
  const [plain, sealed, opened] = ['plain', 'sealed', 'opened'].map((name) =>
    join(server.folder, name),
  ) as [string, string, string]
  await writeFile(plain, randomBytes(100_000))
  await ok(['encrypt', '-k', 'files', '--in', plain, '--out', sealed])
  await ok(['decrypt', '-i', sealed, '--out', opened])
  assert.ok((await readFile(opened)).equals(await readFile(plain)))
  assert.equal((await stat(opened)).mode & 0o077, 0)
})

test('a damaged file fails with the code of integrity, and leaves nothing behind', async () => {
  await ok(['key', 'create', '--alias', 'damage'])
  const { stdout: sealed } = await server.launch(
    ['encrypt', '-k', 'damage'],
    randomBytes(2_500_000),
  )
  const flipped = Buffer.from(sealed)
  flipped[flipped.length - 1] = (flipped[flipped.length - 1] ?? 0) ^ 1
  const damages = {
    flipped,
    short: sealed.subarray(0, -1),
    long: Buffer.concat([sealed, Buffer.from([0])]),
    cut: sealed.subarray(0, 30),
  }
  for (const [name, damaged] of Object.entries(damages)) {
    const path = join(server.folder, `${name}.enc`)
    await writeFile(path, damaged)
    const out = join(server.folder, `${name}.out`)
    await refused(8, ['decrypt', '-i', path, '--out', out])
    const left = (await readdir(server.folder)).filter((file) => file.includes(`${name}.out`))
    assert.deepEqual(left, [])
  }
  await refused(2, ['encrypt', '-k', 'damage', '-i', join(server.folder, 'absent')])
  await refused(2, ['encrypt', '-k', 'damage', '--out', join(server.folder, 'absent', 'x')], 'x')
})

test('signatures and codes: valid is 0, not valid is 8', async () => {
  await ok(['key', 'create', '--algorithm', 'P-256', '--alias', 'signer'])
  const signature = (await ok(['sign', '-k', 'signer', '--field', 'signature'], 'text')).trim()
  await ok(['verify', '-k', 'signer', '--signature', signature], 'text')
  const wrong = await server.claviger([
    'verify',
    '-k',
    'signer',
    '--signature',
    signature,
    '--message',
    'text:other',
  ])
  assert.equal(wrong.exitCode, 8)
  assert.equal((JSON.parse(wrong.stdout.toString()) as { valid: boolean }).valid, false)
  const pem = join(server.folder, 'signer.pem')
  await writeFile(pem, await ok(['key', 'public', 'signer', '--field', 'pem']))
  const raw = join(server.folder, 'signature')
  await writeFile(raw, Buffer.from(signature, 'base64'))
  await writeFile(join(server.folder, 'text'), 'text')
  execFileSync('openssl', [
    'dgst',
    '-sha256',
    '-verify',
    pem,
    '-signature',
    raw,
    join(server.folder, 'text'),
  ])
  await ok(['key', 'create', '--algorithm', 'HMAC-SHA-256', '--alias', 'mac'])
  const mac = (await ok(['mac', '-k', 'mac', '--field', 'mac'], 'text')).trim()
  await ok(['verify-mac', '-k', 'mac', '--mac', mac], 'text')
  assert.equal(
    (await server.claviger(['verify-mac', '-k', 'mac', '--mac', mac], 'other')).exitCode,
    8,
  )
  await refused(2, ['encrypt', '-k', 'signer', '--text'], 'x')
})

test('key agreement and encapsulation agree with themselves', async () => {
  await ok(['key', 'create', '--algorithm', 'X25519', '--alias', 'left'])
  await ok(['key', 'create', '--algorithm', 'X25519', '--alias', 'right'])
  const shared = async (mine: string, theirs: string) => {
    const pem = await ok(['key', 'public', theirs, '--field', 'pem'])
    return ok(['agree', mine, '--field', 'sharedSecret'], pem)
  }
  assert.equal(await shared('left', 'right'), await shared('right', 'left'))
  await ok(['key', 'create', '--algorithm', 'ML-KEM-768', '--alias', 'kem'])
  const made = JSON.parse(await ok(['encapsulate', 'kem'])) as {
    sharedSecret: string
    encapsulation: string
  }
  assert.equal(
    (await ok(['decapsulate', 'kem', '--field', 'sharedSecret'], made.encapsulation)).trim(),
    made.sharedSecret,
  )
})

test('batches print one result or error per item', async () => {
  await ok(['key', 'create', '--alias', 'batch'])
  const items = JSON.parse(
    await ok(
      ['encrypt-batch', 'batch'],
      JSON.stringify([{ plaintext: 'aGk=' }, { plaintext: '' }]),
    ),
  ) as { items: { ciphertext: string }[] }
  const all = await server.claviger(
    ['decrypt-batch'],
    JSON.stringify([{ ciphertext: items.items[0]?.ciphertext }, { ciphertext: 'wQEC' }]),
  )
  assert.equal(all.exitCode, 8)
  const [first, second] = (
    JSON.parse(all.stdout.toString()) as {
      items: { plaintext?: string; error?: { code: string } }[]
    }
  ).items
  assert.equal(first?.plaintext, 'aGk=')
  assert.equal(second?.error?.code, 'invalid_ciphertext')
})

test('key material is wrapped here for import, and is the key from then on', async () => {
  const material = join(server.folder, 'material')
  await writeFile(material, Buffer.alloc(32, 7))
  await ok([
    'key',
    'import',
    '--algorithm',
    'HMAC-SHA-256',
    '--alias',
    'imported',
    '--material',
    `@${material}`,
  ])
  const expected = execFileSync(
    'openssl',
    ['dgst', '-sha256', '-mac', 'HMAC', '-macopt', `hexkey:${'07'.repeat(32)}`, '-binary'],
    { input: 'text' },
  )
  assert.equal(
    (await ok(['mac', 'imported', '--field', 'mac'], 'text')).trim(),
    expected.toString('base64'),
  )
  await refused(2, ['key', 'import', '--algorithm', 'HMAC-SHA-256', '--material', 'AAAA'])
})

test('principals, tokens and bindings: what is not given is denied', async () => {
  await ok(['key', 'create', '--alias', 'scoped'])
  const principal = (await ok(['principal', 'create', 'robot', '--field', 'id'])).trim()
  const token = (await ok(['token', 'create', principal, '--days', '1', '--field', 'token'])).trim()
  const robot = (given: string[], stdin?: string) =>
    inProcess(given, { ...server.environment, CLAVIGER_TOKEN: token }, stdin)
  assert.equal((await robot(['encrypt', '-k', 'scoped', '--text'], 'x')).exitCode, 4)
  const binding = (
    await ok([
      'binding',
      'create',
      'encrypter',
      principal,
      '--scope',
      'key:scoped',
      '--field',
      'id',
    ])
  ).trim()
  assert.equal((await robot(['encrypt', '-k', 'scoped', '--text'], 'x')).exitCode, 0)
  assert.equal((await robot(['key', 'rotate', 'scoped'])).exitCode, 4)
  await ok(['binding', 'delete', binding])
  assert.equal((await robot(['encrypt', '-k', 'scoped', '--text'], 'x')).exitCode, 4)
  const id = (await ok(['token', 'list', '--principal', principal, '--field', 'id'])).trim()
  await ok(['token', 'revoke', id])
  assert.equal((await robot(['whoami'])).exitCode, 3)
})

test('what is not there, is there already, or is asked wrongly has its exit code', async () => {
  await refused(5, ['key', 'get', 'no-such-key'])
  await ok(['key', 'create', '--alias', 'taken'])
  await refused(6, ['key', 'create', '--alias', 'taken'])
  await refused(2, ['key', 'create', '--algorithm', 'DES'])
  await refused(2, ['random', '--length', '100000'])
  const large = await refused(2, ['encrypt', '-k', 'taken', '--text'], Buffer.alloc(70_000))
  assert.match(large.stderr, /as a file/)
})

test('the ledger is searched, proved, verified and exported', async () => {
  const [entry] = (
    JSON.parse(await ok(['ledger', 'search', '--event', 'system.init', '-q'])) as {
      items: { index: number }[]
    }
  ).items
  assert.equal(entry?.index, 0)
  assert.match(
    await ok(['ledger', 'prove', '0', '--field', 'proof']),
    /^c2sp.org\/tlog-proof@v1\nindex 0\n/,
  )
  assert.match((await server.claviger(['ledger', 'prove', '1'])).stderr, /^The proof holds/)
  const stranger = 'example.org/log+3d2b8f6e+AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAh'
  assert.notEqual((await server.claviger(['ledger', 'prove', '1', '--key', stranger])).exitCode, 0)
  const tail = (await ok(['ledger', 'tail', '--no-follow', '-n', '3'])).trimEnd().split('\n')
  assert.equal(tail.length, 3)
  const indexes = tail.map((line) => (JSON.parse(line) as { index: number }).index)
  assert.deepEqual(
    indexes,
    indexes.toSorted((a, b) => a - b),
  )
  const online = await server.claviger(['ledger', 'verify'])
  assert.equal(online.exitCode, 0, online.stderr)
  assert.match(online.stdout.toString(), /^verified \d+ entries and \d+ keys: .*\n$/)
  const folder = join(server.folder, 'ledger')
  await ok(['ledger', 'export', folder])
  const keys = join(server.folder, 'vkeys')
  await writeFile(keys, await ok(['ledger', 'head', '--field', 'keys']))
  const offline = await server.claviger(['ledger', 'verify', '--dir', folder, '--key-file', keys])
  assert.equal(offline.exitCode, 0)
  assert.equal(offline.stderr, '', 'given the keys, nothing is taken on trust')
  await ok([
    'ledger',
    'verify',
    '--checkpoint',
    join(folder, 'checkpoint'),
    '--url',
    server.address,
  ])
  const bundle = join(folder, 'tile', 'entries')
  const [partial = ''] = (await readdir(bundle)).filter((name) => name.endsWith('.p'))
  const [name = ''] = await readdir(join(bundle, partial))
  const path = join(bundle, partial, name)
  const bytes = await readFile(path)
  bytes[40] = (bytes[40] ?? 0) ^ 1
  await writeFile(path, bytes)
  const damaged = await server.claviger(['ledger', 'verify', '--dir', folder, '--key-file', keys])
  assert.equal(damaged.exitCode, 8)
  assert.match(damaged.stdout.toString(), /finding/)
})

test('doctor says that all is well', async () => {
  const { items } = JSON.parse(await ok(['doctor', '-o', 'json'])) as {
    items: { check: string; result: string }[]
  }
  assert.deepEqual([...new Set(items.map(({ result }) => result))], ['ok'])
  assert.ok(items.some(({ check }) => check === 'store'))
})

test('the call that --curl prints does the same', async () => {
  await ok(['key', 'create', '--alias', 'curled'])
  const script = await ok(['--curl', 'key', 'get', 'curled'])
  assert.ok(!script.includes(server.token))
  const answer = execFileSync('bash', ['-c', script], { env: server.environment })
  assert.deepEqual(JSON.parse(answer.toString()), JSON.parse(await ok(['key', 'get', 'curled'])))
})
