import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { PeerCertificate } from '#model'

/** The client's side of a TLS connection. */

/** By connection, whose certificate never changes: TLS 1.3 authenticates once, and renegotiation is not done here. */
const read = new WeakMap<TLSSocket, PeerCertificate | 'none'>()

/** One name with its kind; node:tls writes names that hold commas or quotes as JSON strings, which stay so here. */
const NAME = /([A-Za-z ]+:(?:"(?:[^"\\]|\\.)*"|[^",]*))(?:, |$)/gy

/** Whether a connection is of TLS, as node:tls marks its own: a server without TLS does not load it to ask. */
export function isEncrypted(socket: Socket): socket is TLSSocket {
  return (socket as Partial<TLSSocket>).encrypted === true
}

/** The certificate that the client proved it has the key of, where one of the listener's authorities vouches for it. */
export function certificateOf(socket: TLSSocket): PeerCertificate | undefined {
  const known = read.get(socket)
  if (known !== undefined) return known === 'none' ? undefined : known
  const certificate = socket.authorized ? parse(socket) : undefined
  read.set(socket, certificate ?? 'none')
  return certificate
}

function parse(socket: TLSSocket): PeerCertificate | undefined {
  const peer = socket.getPeerX509Certificate()
  if (peer === undefined) return undefined
  return {
    fingerprint: peer.fingerprint256.replaceAll(':', '').toLowerCase(),
    names: namesOf(peer.subjectAltName ?? ''),
    issuer: peer.issuer,
    subject: peer.subject,
    validFrom: peer.validFromDate.getTime(),
    validTo: peer.validToDate.getTime(),
  }
}

/** Each name; none where the text is not wholly understood. */
function namesOf(text: string): readonly string[] {
  const found = [...text.matchAll(NAME)]
  const length = found.reduce((sum, [whole]) => sum + whole.length, 0)
  return length === text.length ? found.map(([, name = '']) => name) : []
}
