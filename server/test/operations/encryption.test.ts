import assert from 'node:assert/strict'
import { constants, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { readEnvelopeVersion } from '@claviger/contract'
import { base64, bytes } from '../rest/client.ts'
import { startRestHouse } from '../rest/house.ts'

/** Encrypting, decrypting and re-encrypting, through the door. */

const { owner } = await startRestHouse()
const aeads = ['AES-256-GCM', 'AES-128-GCM', 'AES-256-GCM-SIV', 'ChaCha20-Poly1305'] as const
const context = { tenant: 'blue', приклад: 'значення', empty: '' }

for (const algorithm of aeads) {
  test(`${algorithm}: what was encrypted comes back, with its context and nothing else`, async () => {
    const key = await owner.call('key.create', { algorithm })
    assert.equal(key.usage, 'encrypt')
    for (const size of [0, 1, 31, 4_096, 65_536]) {
      const plaintext = randomBytes(size).toString('base64')
      const made = await owner.call('encrypt', { key: key.id, plaintext, context })
      const parts = readEnvelopeVersion(bytes(made.ciphertext))
      assert.deepEqual([parts?.key, parts?.version], [key.id, 1])
      assert.deepEqual([made.key, made.version], [key.id, 1])
      const { ciphertext } = made
      const back = await owner.call('decrypt', { ciphertext, context })
      assert.equal(back.plaintext, plaintext)
      // The order of the pairs says nothing.
      const turned = Object.fromEntries(Object.entries(context).toReversed())
      assert.equal(
        (await owner.call('decrypt', { ciphertext, context: turned, key: key.id })).plaintext,
        plaintext,
      )
    }
  })

  test(`${algorithm}: whatever is changed, nothing decrypts, and the answer does not say why`, async () => {
    const key = await owner.call('key.create', { algorithm })
    const made = await owner.call('encrypt', { key: key.id, plaintext: base64('hello'), context })
    const ciphertext = bytes(made.ciphertext)
    const details = new Set<string>()
    const contexts = [
      {},
      { ...context, tenant: 'red' },
      { ...context, more: 'x' },
      { tenant: 'blue' },
    ]
    for (const other of contexts) {
      const input = { ciphertext: made.ciphertext, context: other }
      details.add((await owner.refuse('invalid_ciphertext', 'decrypt', input)).detail)
    }
    for (const at of [22, 40, 75, 83, 84, ciphertext.length - 1]) {
      const changed = Buffer.from(ciphertext)
      changed.writeUInt8((changed[at] ?? 0) ^ 1, at)
      const input = { ciphertext: base64(changed), context }
      details.add((await owner.refuse('invalid_ciphertext', 'decrypt', input)).detail)
    }
    assert.equal(details.size, 1, [...details].join('\n'))
    const short = { ciphertext: base64(ciphertext.subarray(0, -1)), context }
    await owner.refuse('invalid_ciphertext', 'decrypt', short)
  })
}

test('two encryptions of one message share nothing but their header', async () => {
  const key = await owner.call('key.create', {})
  const input = { key: key.id, plaintext: base64('the same') }
  const one = await owner.call('encrypt', input)
  const two = await owner.call('encrypt', input)
  assert.notEqual(one.ciphertext, two.ciphertext)
})

test('an alias, and an id, name the key; another key of the same kind decrypts nothing', async () => {
  const key = await owner.call('key.create', { alias: 'payments/cards' })
  const other = await owner.call('key.create', {})
  const plaintext = base64('by name')
  const { ciphertext } = await owner.call('encrypt', { key: 'payments/cards', plaintext })
  for (const named of [undefined, 'payments/cards', key.id]) {
    const input = { ciphertext, ...(named === undefined ? {} : { key: named }) }
    assert.equal((await owner.call('decrypt', input)).plaintext, plaintext)
  }
  await owner.refuse('invalid_ciphertext', 'decrypt', { ciphertext, key: other.id })
})

test('after a rotation the new version encrypts, and both decrypt', async () => {
  const key = await owner.call('key.create', {})
  const plaintext = base64('old and new')
  const old = await owner.call('encrypt', { key: key.id, plaintext })
  assert.equal((await owner.call('key.rotate', { key: key.id })).version, 2)
  const young = await owner.call('encrypt', { key: key.id, plaintext })
  assert.deepEqual([old.version, young.version], [1, 2])
  for (const { ciphertext, version } of [old, young]) {
    assert.deepEqual(await owner.call('decrypt', { ciphertext }), {
      plaintext,
      key: key.id,
      version,
    })
  }
  // A ciphertext of a version that was never made.
  const forged = bytes(old.ciphertext)
  forged.writeUInt32BE(7, 18)
  await owner.refuse('invalid_ciphertext', 'decrypt', { ciphertext: base64(forged) })
})

for (const algorithm of ['RSA-2048', 'RSA-3072']) {
  test(`${algorithm}: OAEP blocks, also those made outside`, async () => {
    const key = await owner.call('key.create', { algorithm, usage: 'encrypt' })
    const plaintext = base64('a short secret')
    const made = await owner.call('encrypt', { key: key.id, plaintext })
    const back = await owner.call('decrypt', { key: key.id, ciphertext: made.ciphertext })
    assert.deepEqual(back, { plaintext, key: key.id, version: 1 })
    const { publicKey, pem } = await owner.call('key.public', { key: key.id })
    const outside = createPublicKey(pem)
    assert.deepEqual(outside.export({ type: 'spki', format: 'der' }), bytes(publicKey))
    const block = publicEncrypt(
      { key: outside, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
      Buffer.from('made outside'),
    )
    const opened = await owner.call('decrypt', { key: key.id, ciphertext: base64(block) })
    assert.equal(opened.plaintext, base64('made outside'))
    // It does not name its key, and it cannot bind a context.
    await owner.refuse('invalid_ciphertext', 'decrypt', { ciphertext: base64(block) })
    const bound = { key: key.id, plaintext, context: { a: 'b' } }
    assert.equal((await owner.refuse('invalid_request', 'encrypt', bound)).field, 'context')
    const most = Number(algorithm.slice(4)) / 8 - 66
    await owner.call('encrypt', { key: key.id, plaintext: base64(randomBytes(most)) })
    const more = { key: key.id, plaintext: base64(randomBytes(most + 1)) }
    await owner.refuse('payload_too_large', 'encrypt', more)
    for (const bad of [block.subarray(1), Buffer.alloc(block.length), randomBytes(16)]) {
      const input = { key: key.id, ciphertext: base64(bad) }
      await owner.refuse('invalid_ciphertext', 'decrypt', input)
    }
    // PKCS#1 v1.5 padding is not taken for OAEP.
    const old = publicEncrypt(
      { key: outside, padding: constants.RSA_PKCS1_PADDING },
      block.subarray(0, 8),
    )
    await owner.refuse('invalid_ciphertext', 'decrypt', { key: key.id, ciphertext: base64(old) })
  })
}

test('what an RSA key encrypted before its rotations decrypts after them, with and without its version', async () => {
  const { id: key } = await owner.call('key.create', { algorithm: 'RSA-2048', usage: 'encrypt' })
  const { id: aes } = await owner.call('key.create', {})
  const plaintext = base64('older than the rotation')
  const { ciphertext } = await owner.call('encrypt', { key, plaintext })
  await owner.call('key.rotate', { key })
  await owner.call('key.rotate', { key })
  const opened = { plaintext, key, version: 1 }
  assert.deepEqual(await owner.call('decrypt', { key, ciphertext }), opened)
  assert.deepEqual(await owner.call('decrypt', { key, ciphertext, version: 1 }), opened)
  await owner.refuse('invalid_ciphertext', 'decrypt', { key, ciphertext, version: 2 })
  const items = [{ key, ciphertext }]
  assert.deepEqual((await owner.call('decryptBatch', { items })).items, [opened])
  const moved = await owner.call('reencrypt', { ciphertext, sourceKey: key, key: aes })
  assert.deepEqual(moved.source, { key, version: 1 })
  const again = { ciphertext, sourceKey: key, sourceVersion: 1 }
  assert.equal((await owner.call('reencrypt', again)).version, 3)
  const { items: versions } = await owner.call('key.versions', { key })
  assert.deepEqual(
    versions.map(({ uses }) => uses),
    [6, 0, 1],
  )
  await owner.call('key.revoke', { key, version: 1, reason: 'superseded', acknowledge: 'all' })
  await owner.refuse('invalid_ciphertext', 'decrypt', { key, ciphertext })
  await owner.refuse('wrong_state', 'decrypt', { key, ciphertext, version: 1 })
})

test('the version of an envelope stands in it, and another one is refused', async () => {
  const { id: key } = await owner.call('key.create', {})
  const { ciphertext } = await owner.call('encrypt', { key, plaintext: base64('x') })
  await owner.call('key.rotate', { key })
  assert.equal((await owner.call('decrypt', { ciphertext, version: 1 })).version, 1)
  await owner.refuse('invalid_ciphertext', 'decrypt', { ciphertext, version: 2 })
})

test('re-encryption: to the newest version, to another key, to another context', async () => {
  const first = await owner.call('key.create', {})
  const second = await owner.call('key.create', { algorithm: 'ChaCha20-Poly1305' })
  const plaintext = base64('kept inside')
  const { ciphertext } = await owner.call('encrypt', { key: first.id, plaintext, context })
  await owner.call('key.rotate', { key: first.id })

  const newest = await owner.call('reencrypt', { ciphertext, context })
  assert.deepEqual([newest.key, newest.version], [first.id, 2])
  assert.deepEqual(newest.source, { key: first.id, version: 1 })
  assert.equal('plaintext' in newest, false)
  const decrypted = await owner.call('decrypt', { ciphertext: newest.ciphertext, context })
  assert.equal(decrypted.plaintext, plaintext)

  const newContext = { moved: 'yes' }
  const moved = await owner.call('reencrypt', { ciphertext, context, key: second.id, newContext })
  assert.deepEqual([moved.key, moved.version], [second.id, 1])
  await owner.refuse('invalid_ciphertext', 'decrypt', { ciphertext: moved.ciphertext, context })
  const there = await owner.call('decrypt', { ciphertext: moved.ciphertext, context: newContext })
  assert.equal(there.plaintext, plaintext)

  await owner.refuse('invalid_ciphertext', 'reencrypt', { ciphertext })
  const wrongSource = { ciphertext, context, sourceKey: second.id }
  await owner.refuse('invalid_ciphertext', 'reencrypt', wrongSource)
})

test('re-encryption from an RSA key, which must be named, to an envelope and back', async () => {
  const rsa = await owner.call('key.create', { algorithm: 'RSA-2048', usage: 'encrypt' })
  const aes = await owner.call('key.create', {})
  const plaintext = base64('from a block')
  const { ciphertext } = await owner.call('encrypt', { key: rsa.id, plaintext })
  await owner.refuse('invalid_ciphertext', 'reencrypt', { ciphertext, key: aes.id })
  const moved = await owner.call('reencrypt', { ciphertext, sourceKey: rsa.id, key: aes.id })
  assert.deepEqual(moved.source, { key: rsa.id, version: 1 })
  assert.equal((await owner.call('decrypt', { ciphertext: moved.ciphertext })).plaintext, plaintext)
  const back = await owner.call('reencrypt', { ciphertext: moved.ciphertext, key: rsa.id })
  const opened = await owner.call('decrypt', { ciphertext: back.ciphertext, key: rsa.id })
  assert.equal(opened.plaintext, plaintext)
})

test('where one key is refused nothing is decrypted with the other, and the server goes on', async () => {
  const made = await owner.call('key.create', { algorithm: 'RSA-2048', usage: 'encrypt' })
  const sourceKey = made.id
  const ciphertext = randomBytes(256).toString('base64')
  await owner.refuse('not_found', 'reencrypt', { ciphertext, sourceKey, key: 'nobody' })
  // Decryption with RSA is done one after the other, so the one before would have ended by now.
  await owner.refuse('invalid_ciphertext', 'decrypt', { ciphertext, key: sourceKey })
  await owner.call('whoami', {})
})

test('an RSA key decrypts and encrypts with SHA-1 where that is asked for, and only then', async () => {
  const { id: key } = await owner.call('key.create', { algorithm: 'RSA-2048', usage: 'encrypt' })
  const outside = createPublicKey((await owner.call('key.public', { key })).pem)
  const padding = 'rsa-oaep-sha-1'
  const plaintext = base64('for an old machine')
  const block = publicEncrypt(
    { key: outside, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' },
    bytes(plaintext),
  )
  const theirs = base64(block)
  assert.equal(
    (await owner.call('decrypt', { key, ciphertext: theirs, padding })).plaintext,
    plaintext,
  )
  await owner.refuse('invalid_ciphertext', 'decrypt', { key, ciphertext: theirs })
  const { ciphertext } = await owner.call('encrypt', { key, plaintext, padding })
  assert.equal((await owner.call('decrypt', { key, ciphertext, padding })).plaintext, plaintext)
  await owner.refuse('invalid_ciphertext', 'decrypt', { key, ciphertext })
  for (const [named, most] of [
    ['rsa-oaep-sha-1', 256 - 42],
    ['rsa-oaep-sha-256', 256 - 66],
  ] as const) {
    await owner.call('encrypt', { key, plaintext: base64(randomBytes(most)), padding: named })
    const more = { key, plaintext: base64(randomBytes(most + 1)), padding: named }
    const { detail } = await owner.refuse('payload_too_large', 'encrypt', more)
    assert.match(detail, new RegExp(`${named} .*at most ${most} bytes`))
  }
  const unknown = { key, plaintext, padding: 'rsa-pkcs1' as 'rsa-oaep-sha-1' }
  await owner.refuse('invalid_request', 'encrypt', unknown)
  const two = [{ plaintext, padding }, { plaintext }] as const
  const [old, young] = (await owner.call('encryptBatch', { key, items: [...two] })).items
  assert.ok(old !== undefined && 'ciphertext' in old && young !== undefined)
  assert.ok('ciphertext' in young)
  const items = [
    { key, ciphertext: old.ciphertext, padding },
    { key, ciphertext: young.ciphertext },
    { key, ciphertext: young.ciphertext, padding },
  ] as const
  const opened = (await owner.call('decryptBatch', { items: [...items] })).items
  assert.deepEqual(
    opened.map((each) => ('error' in each ? each.error.code : each.plaintext)),
    [plaintext, plaintext, 'invalid_ciphertext'],
  )
})

test('re-encryption takes the padding of either side', async () => {
  const rsa = await owner.call('key.create', { algorithm: 'RSA-2048', usage: 'encrypt' })
  const aes = await owner.call('key.create', {})
  const padding = 'rsa-oaep-sha-1'
  const plaintext = base64('moved on')
  const old = await owner.call('encrypt', { key: rsa.id, plaintext, padding })
  const source = { ciphertext: old.ciphertext, sourceKey: rsa.id }
  await owner.refuse('invalid_ciphertext', 'reencrypt', { ...source, key: aes.id })
  const young = await owner.call('reencrypt', { ...source, key: aes.id, padding })
  const { ciphertext } = young
  assert.equal((await owner.call('decrypt', { ciphertext })).plaintext, plaintext)
  // On the same key, from the old padding to the default one.
  const moved = await owner.call('reencrypt', { ...source, padding })
  const back = await owner.call('decrypt', { key: rsa.id, ciphertext: moved.ciphertext })
  assert.equal(back.plaintext, plaintext)
  const again = await owner.call('reencrypt', { ciphertext, key: rsa.id, newPadding: padding })
  const opened = await owner.call('decrypt', {
    key: rsa.id,
    ciphertext: again.ciphertext,
    padding,
  })
  assert.equal(opened.plaintext, plaintext)
  // Neither side takes one where there is nothing to pad.
  await owner.refuse('wrong_usage', 'reencrypt', { ciphertext, key: rsa.id, padding })
  await owner.refuse('wrong_usage', 'reencrypt', { ciphertext, newPadding: padding })
})

test('a padding is for RSA keys', async () => {
  for (const algorithm of aeads) {
    const { id: key } = await owner.call('key.create', { algorithm })
    const { ciphertext } = await owner.call('encrypt', { key, plaintext: base64('x') })
    for (const padding of ['rsa-oaep-sha-256', 'rsa-oaep-sha-1'] as const) {
      await owner.refuse('wrong_usage', 'encrypt', { key, plaintext: base64('x'), padding })
      await owner.refuse('wrong_usage', 'decrypt', { ciphertext, padding })
    }
  }
})

test('a bare body is the message, and a bare answer the result', async () => {
  const key = await owner.call('key.create', {})
  const message = randomBytes(65_536)
  const octets = 'application/octet-stream'
  const bound = base64(JSON.stringify(context))
  const encrypted = await owner.send({
    method: 'POST',
    path: `/v1/keys/${key.id}/encrypt`,
    headers: { 'content-type': octets, accept: octets, 'claviger-context': bound },
    body: message,
  })
  assert.equal(encrypted.status, 200)
  assert.equal(encrypted.headers['content-type'], octets)
  assert.equal(encrypted.headers['claviger-key'], key.id)
  assert.equal(encrypted.headers['claviger-version'], '1')
  const ciphertext = base64(encrypted.body)
  const asJson = await owner.call('decrypt', { ciphertext, context })
  assert.deepEqual(bytes(asJson.plaintext), message)

  const send = (body: Uint8Array, headers: Record<string, string>) =>
    owner.send({ method: 'POST', path: '/v1/decrypt', headers, body })
  const headers = { 'content-type': octets, 'claviger-context': bound }
  const decrypted = await send(encrypted.body, { ...headers, accept: octets })
  assert.deepEqual(decrypted.body, message)
  // Only one of the two directions bare.
  const half = await send(encrypted.body, headers)
  assert.equal(half.headers['content-type'], 'application/json')
  const jsonBody = Buffer.from(JSON.stringify({ ciphertext, context }))
  const other = await send(jsonBody, { 'content-type': 'application/json', accept: octets })
  assert.deepEqual(other.body, message)
})

test('a bare body has the limits of its field', async () => {
  const key = await owner.call('key.create', {})
  const { revision } = await owner.standing()
  const send = (path: string, size: number, headers: Record<string, string> = {}) =>
    owner.send({
      method: 'POST',
      path,
      headers: { 'content-type': 'application/octet-stream', ...headers },
      body: Buffer.alloc(size),
    })
  const encrypt = `/v1/keys/${key.id}/encrypt`
  assert.equal((await send(encrypt, 65_537)).status, 413)
  assert.equal((await send('/v1/decrypt', 66_561)).status, 413)
  assert.equal((await send('/v1/decrypt', 0)).status, 400)
  for (const context of [
    '!',
    base64('no json'),
    base64('[1]'),
    base64('{"a":1}'),
    base64(Buffer.from([0xff])),
  ]) {
    const answer = await send(encrypt, 1, { 'claviger-context': context })
    assert.equal(answer.status, 400, context)
  }
  assert.equal((await owner.standing()).revision, revision)
  assert.equal((await send(encrypt, 0)).status, 200)
})
