/** What every answer of this door says to the browser about itself. */

/**
 * Content Security Policy level 3: only files of this server, no inline script or style, in nobody's frame. Text becomes markup nowhere,
 * since `trusted-types 'none'` takes innerHTML and its kin away where a browser knows them; and no form is ever sent by the browser
 * itself, which would put what was typed into an address.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

/** What of the browser the pages may use: passkeys and the clipboard. */
const PERMISSIONS = [
  'publickey-credentials-create=(self)',
  'publickey-credentials-get=(self)',
  'clipboard-write=(self)',
  ...['camera', 'display-capture', 'geolocation', 'microphone', 'payment', 'usb'].map(
    (name) => `${name}=()`,
  ),
].join(', ')

export const strictHeaders: Readonly<Record<string, string>> = Object.freeze({
  'content-security-policy': POLICY,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': PERMISSIONS,
})
