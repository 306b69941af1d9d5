/** One line of the table. */
export interface Measurement {
  what: string
  unit: string
  value: number
}
