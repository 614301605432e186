import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import {
  closeCrypto,
  findAlgorithm,
  findScheme,
  generateMaterial,
  oaepDecrypt,
  oaepEncrypt,
  openMaterial,
  publicKeyPem,
  sign,
  verify,
  type OpenMaterial,
} from '#crypto'
import { rsaVector } from '../../src/crypto/self-test-vectors.ts'

/**
 * Signatures of digests, and of the messages that the digests are of, by the `openssl` command of the machine, which is another build and
 * most often another version than the one inside Node.
 */

const folder = mkdtempSync(join(tmpdir(), 'claviger-openssl-'))
after(async () => {
  rmSync(folder, { recursive: true })
  await closeCrypto()
})

const MESSAGE = Buffer.from('what is signed')

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

/** What pkeyutl is told of a scheme: the salt of PSS is as long as the digest, said in bytes. */
function optionsOf(hash: string, padding: string | undefined, digest: Uint8Array): string[] {
  const options = [`digest:${hash}`]
  if (padding === 'pkcs1') options.push('rsa_padding_mode:pkcs1')
  if (padding === 'pss') options.push('rsa_padding_mode:pss', `rsa_pss_saltlen:${digest.length}`)
  return options.flatMap((option) => ['-pkeyopt', option])
}

async function newKey(name: string): Promise<OpenMaterial> {
  const algorithm = findAlgorithm(name)
  const material =
    name === 'RSA-2048'
      ? Buffer.from(rsaVector.privateKey, 'base64')
      : await generateMaterial(algorithm)
  return openMaterial(algorithm, material)
}

for (const name of ['P-256', 'P-384', 'P-521', 'secp256k1', 'RSA-2048']) {
  test(`${name}: digest and message are one to the openssl command, both ways`, async () => {
    const material = await newKey(name)
    const { privateKey } = material
    assert.ok(privateKey)
    const own = file(`${name}.key`, privateKey.export({ type: 'pkcs8', format: 'pem' }))
    const open = file(`${name}.pem`, publicKeyPem(material))
    for (const scheme of material.algorithm.schemes) {
      const { hash, padding } = findScheme(material.algorithm, scheme)
      assert.ok(hash)
      const digest = createHash(hash).update(MESSAGE).digest()
      const input = file(`${scheme}.digest`, digest)
      const options = optionsOf(hash, padding, digest)
      for (const data of [{ message: MESSAGE }, { digest }]) {
        const signature = file(`${scheme}.sig`, await sign(material, scheme, data))
        const said = spawnSync(
          'openssl',
          [
            'pkeyutl',
            '-verify',
            '-pubin',
            '-inkey',
            open,
            '-in',
            input,
            '-sigfile',
            signature,
          ].concat(options),
          { encoding: 'utf8' },
        )
        assert.equal(said.status, 0, `${scheme}: ${said.stdout}${said.stderr}`)
        assert.match(said.stdout, /Verified Successfully/)
      }
      const made = execFileSync(
        'openssl',
        ['pkeyutl', '-sign', '-inkey', own, '-in', input, ...options],
        { stdio: ['ignore', 'pipe', 'ignore'] },
      )
      assert.equal(await verify(material, scheme, { digest }, made), true, scheme)
      assert.equal(await verify(material, scheme, { message: MESSAGE }, made), true, scheme)
      // A digest that was hashed again would be this message's.
      assert.equal(await verify(material, scheme, { message: digest }, made), false, scheme)
    }
  })
}

for (const [padding, hash] of [
  ['rsa-oaep-sha-256', 'sha256'],
  ['rsa-oaep-sha-1', 'sha1'],
] as const) {
  test(`${padding} is what the openssl command means by OAEP with ${hash}, both ways`, async () => {
    const material = await newKey('RSA-2048')
    const { privateKey, publicKey } = material
    assert.ok(privateKey && publicKey)
    const own = file('oaep.key', privateKey.export({ type: 'pkcs8', format: 'pem' }))
    const open = file('oaep.pem', publicKeyPem(material))
    const options = ['rsa_padding_mode:oaep', `rsa_oaep_md:${hash}`, `rsa_mgf1_md:${hash}`].flatMap(
      (option) => ['-pkeyopt', option],
    )
    const run = (verb: string, key: string[], input: string) =>
      execFileSync('openssl', ['pkeyutl', verb, ...key, '-in', input, ...options], {
        stdio: ['ignore', 'pipe', 'ignore'],
      })
    const theirs = run('-encrypt', ['-pubin', '-inkey', open], file('oaep.plain', MESSAGE))
    assert.deepEqual(await oaepDecrypt(privateKey, theirs, padding), MESSAGE)
    const ours = file('oaep.block', oaepEncrypt(publicKey, MESSAGE, padding))
    assert.deepEqual(run('-decrypt', ['-inkey', own], ours), MESSAGE)
  })
}
