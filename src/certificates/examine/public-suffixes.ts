/**
 * Names under which strangers register: a wildcard directly below one spans other people's hosts (CA/B BR §3.2.2.6).
 * A short extract of publicsuffix.org, enough to recognise the common cases; a single label is always one (rule `*` of
 * that list).
 */

const countryCodes: Readonly<Record<string, string>> = {
  ac: 'at jp uk il in kr nz th za',
  co: 'at cr id il in jp ke kr ma nz th tz ug uk uz za zm zw',
  com:
    'ar au bd bo br cn co cy do ec eg gr gt hk hr kw lb mt mx my ng ni pa pe ph pk pl pt py qa ro ru sa sg sv ' +
    'tr tw ua uy ve vn',
  edu: 'ar au br cn co es hk mx my pe pl sg tr tw vn',
  gov: 'ar au br cn co il in it my pl sg tr tw uk za',
  net: 'ar au br cn hk il in mx my nz pl ru sg tr tw uk za',
  org: 'ar au br cn hk il in mx my nz pl ru sg tr tw uk za',
  ne: 'jp kr',
  or: 'at jp kr',
  go: 'jp kr th',
  gob: 'ar cl es mx pe',
  govt: 'nz',
  ltd: 'uk',
  me: 'uk',
  nhs: 'uk',
  plc: 'uk',
  sch: 'uk id',
  asn: 'au',
  id: 'au',
  gen: 'in nz',
  firm: 'in',
  ind: 'in',
}

const shared: readonly string[] = [
  's3.amazonaws.com',
  's3.us-east-1.amazonaws.com',
  's3.us-east-2.amazonaws.com',
  's3.us-west-1.amazonaws.com',
  's3.us-west-2.amazonaws.com',
  's3.eu-west-1.amazonaws.com',
  's3.eu-central-1.amazonaws.com',
  's3-website-us-east-1.amazonaws.com',
  'compute.amazonaws.com',
  'compute-1.amazonaws.com',
  'elb.amazonaws.com',
  'execute-api.us-east-1.amazonaws.com',
  'elasticbeanstalk.com',
  'cloudfront.net',
  'awsapprunner.com',
  'amplifyapp.com',
  'azurewebsites.net',
  'azurestaticapps.net',
  'cloudapp.net',
  'cloudapp.azure.com',
  'blob.core.windows.net',
  'web.core.windows.net',
  'azureedge.net',
  'trafficmanager.net',
  'appspot.com',
  'run.app',
  'web.app',
  'firebaseapp.com',
  'cloudfunctions.net',
  'googleapis.com',
  'blogspot.com',
  'withgoogle.com',
  'translate.goog',
  'github.io',
  'githubusercontent.com',
  'gitlab.io',
  'bitbucket.io',
  'herokuapp.com',
  'netlify.app',
  'vercel.app',
  'now.sh',
  'pages.dev',
  'workers.dev',
  'r2.dev',
  'fly.dev',
  'onrender.com',
  'glitch.me',
  'repl.co',
  'ngrok.io',
  'ngrok.app',
  'trycloudflare.com',
  'surge.sh',
  'readthedocs.io',
  'myshopify.com',
  'wordpress.com',
  'wixsite.com',
  'weebly.com',
  'tumblr.com',
  'livejournal.com',
  'fastly.net',
  'global.ssl.fastly.net',
  'edgekey.net',
  'akamaized.net',
  'dyndns.org',
  'dyndns.biz',
  'ddns.net',
  'no-ip.org',
  'duckdns.org',
  'hopto.org',
  'zapto.org',
  'sytes.net',
  'home.arpa',
  'in-addr.arpa',
  'ip6.arpa',
  'uk.com',
  'us.com',
  'eu.com',
  'de.com',
  'br.com',
  'cn.com',
  'jpn.com',
  'ru.com',
  'za.com',
  'gb.net',
  'uk.net',
  'se.net',
  'us.org',
  'eu.org',
  'plus.com',
  'digitaloceanspaces.com',
  'ondigitalocean.app',
  'linodeobjects.com',
  'backblazeb2.com',
  'oraclecloudapps.com',
  'kyoto.jp',
  'tokyo.jp',
  'osaka.jp',
]

const suffixes: ReadonlySet<string> = new Set([
  ...shared,
  ...Object.entries(countryCodes).flatMap(([label, countries]) =>
    countries.split(' ').map((country) => `${label}.${country}`),
  ),
])

/** True for `com`, `co.uk`, `s3.amazonaws.com`; also for the empty name, the root of the DNS. */
export function isPublicSuffix(domain: string): boolean {
  const name = domain.toLowerCase().replace(/\.$/, '')
  return !name.includes('.') || suffixes.has(name)
}

const specialUse = /(?:^|\.)(?:localhost|local|test|invalid|internal|intranet|lan|home|corp|private|onion|home\.arpa)$/i

/**
 * Names and addresses that no public authority may certify (CA/B BR §4.2.2, RFC 6761): their certificates are private
 * ones.
 */
export function isInternalName(name: string): boolean {
  return specialUse.test(name.replace(/\.$/, '')) || (!name.includes('.') && !name.includes(':'))
}

/** Loopback and link-local; the private ranges of RFC 1918 are left to the caller. */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1'
}
