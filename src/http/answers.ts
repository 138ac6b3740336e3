/** The answers that may come instead of the one a route promises; spread into its `response`. */
import { ProblemDetails } from "./problem.ts"
import { answering } from "./strict.ts"

const problem = answering(ProblemDetails)

/** Of a route that reads. */
export const readingProblems = {
  401: problem,
  403: problem,
  404: problem,
  414: problem,
  422: problem,
  429: problem,
  500: problem,
  503: problem
}
/** Of a route that changes something. */
export const changingProblems = { ...readingProblems, 400: problem, 409: problem, 413: problem, 415: problem }
