import 'client-only'

/** One line changed for the worse, and the test that must notice. */
export interface Fault {
  /** The invariant of SPEC.md that it breaks. */
  id: string
  /** From the project's root. */
  file: string
  /** Text that occurs once in the file. */
  line: string
  fault: string
  /** The test file; its tests whose names begin with the id must fail. */
  test: string
}
