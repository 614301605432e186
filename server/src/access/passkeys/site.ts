/** Where passkeys are used: what browsers call the server (RFC 6454), and the RP id that follows from it. */
export interface Site {
  readonly origin: string
  readonly rpId: string
}

/** The site of the server's public URL: its origin, and its host as the RP id (WebAuthn level 3 section 5.1.3). */
export function siteOf(publicUrl: string): Site {
  const { origin, hostname } = new URL(publicUrl)
  return { origin, rpId: hostname }
}

/** Loaded when the first passkey is asked for: it brings parsers of certificates, and most requests need none. */
export function library() {
  return import('@simplewebauthn/server')
}

export function libraryHelpers() {
  return import('@simplewebauthn/server/helpers')
}

/** How long a browser waits for the person, and how long the challenge is good for (WebAuthn level 3 section 15.1). */
export const PASSKEY_WAIT_MS = 300_000
