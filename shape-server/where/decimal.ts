/** Exact decimal numbers, for `numeric`: doubles would call 0.1 and 0.10000000000000000001 equal. */
export class Decimal {
  private constructor(
    private readonly digits: bigint,
    private readonly scale: number,
    /** NaN or an infinity, which have no digits. */
    private readonly special: number | null,
  ) {}

  static parse(text: string): Decimal | null {
    const match = /^\s*([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?\s*$/.exec(text)
    if (match && (match[2] !== '' || (match[3] ?? '') !== '')) {
      const fraction = match[3] ?? ''
      const digits = BigInt(`${match[2] ?? ''}${fraction}`) * (match[1] === '-' ? -1n : 1n)
      const scale = fraction.length - Number(match[4] ?? 0)
      return scale >= 0 ? new Decimal(digits, scale, null) : new Decimal(digits * 10n ** BigInt(-scale), 0, null)
    }
    const word = /^\s*([+-]?)(nan|inf|infinity)\s*$/i.exec(text)
    if (!word) return null
    if (word[2]?.toLowerCase() === 'nan') return new Decimal(0n, 0, Number.NaN)
    return new Decimal(0n, 0, word[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY)
  }

  static of(value: number | bigint): Decimal {
    return Decimal.parse(String(value)) ?? new Decimal(0n, 0, Number.NaN)
  }

  plus(other: Decimal): Decimal {
    if (this.special !== null || other.special !== null) return Decimal.of(this.toNumber() + other.toNumber())
    const scale = Math.max(this.scale, other.scale)
    return new Decimal(this.at(scale) + other.at(scale), scale, null)
  }

  negated(): Decimal {
    return this.special === null ? new Decimal(-this.digits, this.scale, null) : Decimal.of(-this.special)
  }

  absolute(): Decimal {
    return this.compare(Decimal.of(0)) < 0 ? this.negated() : this
  }

  /** Negative when it is less; NaN equals itself and is greater than all else, as Postgres has it. */
  compare(other: Decimal): number {
    if (this.special !== null || other.special !== null) return compareNumbers(this.toNumber(), other.toNumber())
    const scale = Math.max(this.scale, other.scale)
    const [a, b] = [this.at(scale), other.at(scale)]
    return a < b ? -1 : a > b ? 1 : 0
  }

  toNumber(): number {
    return this.special ?? Number(this.toString())
  }

  toString(): string {
    if (this.special !== null) return String(this.special)
    const sign = this.digits < 0n ? '-' : ''
    const digits = String(this.digits < 0n ? -this.digits : this.digits).padStart(this.scale + 1, '0')
    return this.scale === 0 ? sign + digits : `${sign}${digits.slice(0, -this.scale)}.${digits.slice(-this.scale)}`
  }

  private at(scale: number): bigint {
    return this.digits * 10n ** BigInt(scale - this.scale)
  }
}

/** Order of floats as Postgres has it: NaN equals NaN and is greater than everything. */
export function compareNumbers(a: number, b: number): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1
  if (Number.isNaN(b)) return -1
  return a < b ? -1 : a > b ? 1 : 0
}
