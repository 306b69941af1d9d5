/** Reads Postgres's own form of a WAL position, `16/B374D848`. */
export function parsePgLsn(text: string): bigint {
  const [high = '', low = ''] = text.split('/')
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`)
}
