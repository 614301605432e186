/**
 * Passwords that are tried first (SP 800-63B-4 section 3.1.1.2), lower-case. The least length keeps the short ones out by itself; they
 * stand here because people write them twice, or with digits around them.
 */
export const commonPasswords: ReadonlySet<string> = new Set(
  `123456 1234567 12345678 123456789 1234567890 12345678910 123456789012345 1234567890123456 0123456789 987654321 111111 000000
  123123 123321 654321 666666 121212 112233 password passwords passw0rd p@ssword p@ssw0rd password1 password12 password123
  password1234 password12345 password123456 passwordpassword mypassword thepassword yourpassword newpassword nopassword
  passwort passwort123 kennwort motdepasse contrasena wachtwoord qwerty qwerty123 qwertyuiop qwertyuiop123 qwertyuiopasdf
  qwertyuiopasdfgh qwertyuiopasdfghjkl qwertyuiopasdfghjklzxcvbnm qwertyqwerty qazwsx qazwsxedc qazwsxedcrfv qazwsxedcrfvtgb
  1qaz2wsx 1qaz2wsx3edc 1qaz2wsx3edc4rfv 1q2w3e 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1q2w3e4r5t6y7u8i asdfgh asdfghjkl
  asdfghjklasdfghjkl zxcvbn zxcvbnm zxcvbnmasdfghjkl abc123 abcdef abcdefg abcdefgh abcdefghijklmno abcdefghijklmnop
  abcdefghijklmnopqrstuvwxyz aaaaaa iloveyou iloveyouforever iloveyousomuch ilovemymother letmein letmeinplease letmeinnow
  welcome welcome1 welcome123 welcomehome admin admin123 administrator administrator1 root toor superuser superadmin sysadmin
  login loginlogin guest default changeme changemeplease changeitnow changethis pleasechangeme temporary temppassword
  temporarypassword secret secretsecret topsecret supersecret supersecretpassword mysecretpassword verysecret monkey dragon
  sunshine princess football baseball basketball superman batman spiderman starwars master shadow michael jordan jennifer
  jessica charlie michelle daniel ashley trustno1 trustnobody hello hello123 helloworld hellohello whatever freedom
  computer internet samsung google facebook microsoft windows apple amazon minecraft pokemon naruto liverpool
  manchesterunited realmadrid barcelona arsenal chelsea juventus correcthorse correcthorsebattery correcthorsebatterystaple
  correct-horse-battery-staple correct horse battery staple thequickbrownfox thequickbrownfoxjumps
  thequickbrownfoxjumpsoverthelazydog tobeornottobe tobeornottobethatisthequestion maytheforcebewithyou
  letmeinletmein openopenopen opensesame opensesameopen claviger clavigerclaviger clavigerpassword keymanagement
  summer2024 summer2025 summer2026 winter2024 winter2025 winter2026 spring2026 autumn2026 companyname company123`
    .split(/\s+/)
    .concat('correct horse battery staple', 'the quick brown fox', 'may the force be with you'),
)
