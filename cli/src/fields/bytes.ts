import { usageFailure } from '../command-failure.ts'
import { readSource } from '../input/source.ts'
import type { Shell } from '../shell.ts'
import type { Field } from './field.ts'

/** Bytes that are secret: they never stand on the command line, where every process on the machine can read them. */
const SECRET = new Set(['plaintext', 'unsafePlaintext'])
/** Bytes that Claviger itself prints in base64, so that a file may hold them in either form. Never a message: it is taken as it is. */
const PRINTED = new Set(['ciphertext', 'signature', 'mac', 'encapsulation', 'wrapped', 'publicKey'])

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const PEM = /^-----BEGIN ([A-Z ]+)-----\r?\n([A-Za-z0-9+/=\s]+)-----END \1-----\s*$/
/** Base64 and line ends make text at most this much longer than its bytes. */
const TEXT_GROWTH = 1.5

export function isSecretField(field: Pick<Field, 'name'>): boolean {
  return SECRET.has(field.name)
}

/** How a bytes option is written, for its help. A bare message could be words or base64, so it has to say which. */
export function bytesHint(field: Pick<Field, 'name'>): string {
  if (isSecretField(field)) return '@file or - for stdin'
  const bare = field.name === 'message' ? 'text:..., base64:' : 'base64, text:...'
  return `${bare}, hex:..., @file or - for stdin`
}

/** What `claviger sign > FILE` writes, and no signature is: taken for one it would only be "not valid". */
function isAnswer(text: string): boolean {
  if (!/^\s*\{/.test(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Bytes from a file: as they stand, or out of the base64 or PEM that Claviger and OpenSSL print. */
export function decodeFile(field: Pick<Field, 'name'>, bytes: Uint8Array): Uint8Array {
  if (!PRINTED.has(field.name)) return bytes
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  const pem = PEM.exec(text)
  if (pem !== null) return Buffer.from(pem[2] ?? '', 'base64')
  if (isAnswer(text)) {
    throw usageFailure(
      `The ${field.name} is a whole answer in JSON`,
      `Take only the ${field.name} out of it: --field ${field.name} prints it.`,
    )
  }
  const packed = text.replaceAll(/\s+/g, '')
  return packed !== '' && BASE64.test(packed) ? Buffer.from(packed, 'base64') : bytes
}

function decodeLiteral(field: Field, text: string): Uint8Array {
  const what = `--${field.flag}`
  if (isSecretField(field)) {
    throw usageFailure(
      `${what} takes @file or - (stdin), because other processes can read a command line`,
      `For example: printf %s "$VALUE" | claviger ... ${what} -`,
    )
  }
  if (text.startsWith('text:')) return new TextEncoder().encode(text.slice(5))
  const hex = text.startsWith('hex:') ? text.slice(4) : undefined
  if (hex !== undefined && /^([0-9a-fA-F]{2})*$/.test(hex)) return Buffer.from(hex, 'hex')
  const base64 = text.replace(/^base64:/, '')
  const told = base64 !== text || field.name !== 'message'
  if (hex === undefined && told && BASE64.test(base64)) return Buffer.from(base64, 'base64')
  throw usageFailure(`${what} is not written as it should be`, `It takes ${bytesHint(field)}.`)
}

/** The bytes that an option names. */
export async function parseBytes(shell: Shell, field: Field, text: string): Promise<Uint8Array> {
  const limit = Math.ceil(field.bytesMax * (PRINTED.has(field.name) ? TEXT_GROWTH : 1)) + 2
  const read = readSource(shell, text, limit, `--${field.flag}`)
  return read === undefined ? decodeLiteral(field, text) : decodeFile(field, await read)
}
